/** The saved views of a person and of a project. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { unwrap } from "../../api/problems";
import { readAllPages } from "../../api/queries";
import type { TaskFilter, View } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { viewKey, viewsKey } from "./useView";

const PAGE = 100;

const listKey = (projectId: string | undefined) => [...viewsKey, projectId ?? "none"] as const;

function readViews(project?: string): Promise<View[]> {
  return readAllPages((cursor) =>
    unwrap(api.GET("/api/views", { params: { query: { project, limit: PAGE, cursor } } })),
  );
}

/**
 * Reads the views for a project: those of its members, and the person's own ones that fit. Without a
 * project, reads the own views that are for no project.
 */
export function useViews(projectId: string | undefined, isEnabled: boolean) {
  return useQuery({
    queryKey: listKey(projectId),
    enabled: isEnabled,
    queryFn: async () => {
      const [shared, own] = await Promise.all([
        projectId === undefined ? [] : readViews(projectId),
        readViews(),
      ]);
      const fits = ({ filter: { project } }: View) =>
        !project || (projectId !== undefined && project.includes(projectId));
      return { shared, own: own.filter(fits) };
    },
  });
}

export interface NewView {
  name: string;
  /** Whether all members of the project see the view. */
  isShared: boolean;
  filter: TaskFilter;
  ordering: View["ordering"];
}

/** Saves a filter and an order under a name. */
export function useCreateView(projectId: string | undefined) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ name, isShared, filter, ordering }: NewView) =>
      unwrap(
        api.POST("/api/views", {
          params: { header: idempotencyKey() },
          body: {
            name,
            ordering,
            filter: isShared || !projectId ? filter : { ...filter, project: [projectId] },
            project: isShared ? (projectId ?? null) : null,
          },
        }),
      ),
    onSuccess: (view) => {
      queries.setQueryData(viewKey(view.id), view);
      return queries.invalidateQueries({ queryKey: listKey(projectId) });
    },
  });
}

interface ViewChange {
  view: View;
  changes: Partial<Pick<View, "name" | "filter" | "ordering">>;
}

export function useChangeView() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ view, changes }: ViewChange) =>
      unwrap(
        api.PATCH("/api/views/{view_id}", {
          params: { path: { view_id: view.id }, header: ifMatch(view.version) },
          body: changes,
        }),
      ),
    onSuccess: (view) => {
      queries.setQueryData(viewKey(view.id), view);
    },
    onError: notifyProblem,
    onSettled: () => queries.invalidateQueries({ queryKey: viewsKey }),
  });
}

export function useDeleteView() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ id, version }: View) =>
      unwrap(
        api.DELETE("/api/views/{view_id}", {
          params: { path: { view_id: id }, header: ifMatch(version) },
        }),
      ),
    onSuccess: (_, { project }) =>
      queries.invalidateQueries({ queryKey: project ? listKey(project) : viewsKey }),
    onError: notifyProblem,
  });
}
