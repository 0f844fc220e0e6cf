/** What the client reads and changes of relations between tasks. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { isProblem, unwrap } from "../../api/problems";
import type { RelationKind, TaskCard } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { openTasksKey, readCards, readTask } from "../task/queries";

const relationsKey = ["relations"] as const;
const KEY = /^[a-z][a-z0-9]{1,9}-\d+$/i;
const MAX_FOUND = 10;

export function useRelations(taskId: string) {
  return useQuery({
    queryKey: [...relationsKey, taskId],
    queryFn: () =>
      unwrap(api.GET("/api/tasks/{task_id}/relations", { params: { path: { task_id: taskId } } })),
  });
}

/** Finds the task with a key, or tasks of all projects with the words in `text`. */
async function findTasks(text: string): Promise<Pick<TaskCard, "id" | "key" | "title">[]> {
  if (!KEY.test(text)) {
    return (await readCards({ q: text, limit: MAX_FOUND })).items;
  }
  try {
    return [await readTask(text)];
  } catch (error) {
    if (isProblem(error, "not_found")) {
      return [];
    }
    throw error;
  }
}

/** Finds tasks while the person types. */
export function useTaskSearch(text: string) {
  return useQuery({
    queryKey: ["task-search", text],
    enabled: /[\p{L}\p{N}]/u.test(text),
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: () => findTasks(text),
  });
}

/** Relations change the counts of both tasks. */
function useRefresh() {
  const queries = useQueryClient();
  return async () => {
    await queries.invalidateQueries({ queryKey: relationsKey });
    await queries.invalidateQueries({ queryKey: openTasksKey });
  };
}

export function useAddRelation(taskId: string) {
  return useMutation({
    mutationFn: (body: { kind: RelationKind; task: string }) =>
      unwrap(
        api.POST("/api/tasks/{task_id}/relations", {
          params: { path: { task_id: taskId }, header: idempotencyKey() },
          body,
        }),
      ),
    onSuccess: useRefresh(),
    onError: notifyProblem,
  });
}

export function useRemoveRelation(taskId: string) {
  return useMutation({
    mutationFn: (relationId: string) =>
      unwrap(
        api.DELETE("/api/tasks/{task_id}/relations/{relation_id}", {
          params: { path: { task_id: taskId, relation_id: relationId } },
        }),
      ),
    onSuccess: useRefresh(),
    onError: notifyProblem,
  });
}
