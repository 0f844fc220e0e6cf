import type { InfiniteData, Query } from "@tanstack/react-query";

import { api } from "../../api/client";
import { keepChange } from "../../api/keptChanges";
import { unwrap } from "../../api/problems";
import { queryClient } from "../../api/queries";
import type { Task, TaskCard, TaskQuery } from "../../api/types";
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
export const useMoveTask = keepChange<Task, Move>("move-task", {
  mutationFn: ({ task, place }) =>
    unwrap(
      api.PATCH("/api/tasks/{task_id}/position", {
        params: { path: { task_id: task.id } },
        body: place,
      }),
    ),
  scope: { id: "tasks" },
  onMutate: async ({ task, place }) => {
    await queryClient.cancelQueries({ queryKey: tasksKey });
    const move = (items: TaskCard[]) =>
      moveInList(items, items.find(({ id }) => id === task.id) ?? task, place);
    queryClient.setQueriesData<TaskCard[]>(
      { queryKey: boardsKey, predicate: isManual },
      (tasks) => tasks && move(tasks),
    );
    queryClient.setQueriesData<InfiniteData<CardPage>>(
      { queryKey: listsKey, predicate: isManual },
      (data) =>
        data && {
          ...data,
          pages: data.pages.map((page) => ({ ...page, items: move(page.items) })),
        },
    );
  },
  onSuccess: (task) => patchCachedTask(queryClient, task.id, task),
  onError: (error) => {
    notifyProblem(error);
    void queryClient.invalidateQueries({ queryKey: tasksKey });
  },
});
