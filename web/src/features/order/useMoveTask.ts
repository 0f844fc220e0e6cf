import { type InfiniteData, type Query, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { TaskCard, TaskQuery } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { boardsKey, type CardPage, listsKey, patchCachedTask, tasksKey } from "../task/queries";
import { moveInList, type Place } from "./place";

interface Move {
  task: TaskCard;
  place: Place;
}

/** Whether a query of the cache has the manual order; its last part is that of the request. */
const isManual = ({ queryKey }: Query) => (queryKey.at(-1) as TaskQuery).ordering === "rank";

/** Moves a task in the manual order; it is visible at once. */
export function useMoveTask() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ task, place }: Move) =>
      unwrap(
        api.PATCH("/api/tasks/{task_id}/position", {
          params: { path: { task_id: task.id } },
          body: place,
        }),
      ),
    scope: { id: "tasks" },
    onMutate: async ({ task, place }) => {
      await queries.cancelQueries({ queryKey: tasksKey });
      const move = (items: TaskCard[]) =>
        moveInList(items, items.find(({ id }) => id === task.id) ?? task, place);
      queries.setQueriesData<TaskCard[]>(
        { queryKey: boardsKey, predicate: isManual },
        (tasks) => tasks && move(tasks),
      );
      queries.setQueriesData<InfiniteData<CardPage>>(
        { queryKey: listsKey, predicate: isManual },
        (data) =>
          data && {
            ...data,
            pages: data.pages.map((page) => ({ ...page, items: move(page.items) })),
          },
      );
    },
    onSuccess: (task) => patchCachedTask(queries, task.id, task),
    onError: (error) => {
      notifyProblem(error);
      void queries.invalidateQueries({ queryKey: tasksKey });
    },
  });
}
