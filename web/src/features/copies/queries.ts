/** Copies of tasks, and their moves to other projects. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Task } from "../../api/types";
import { projectsKey } from "../projects/queries";
import { taskKey, tasksKey } from "../task/queries";

export function useDuplicateTask(task: Task) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (hasSubtasks: boolean) =>
      unwrap(
        api.POST("/api/tasks/{task_id}/duplicate", {
          params: { path: { task_id: task.id }, header: idempotencyKey() },
          body: { subtasks: hasSubtasks },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: tasksKey }),
  });
}

/** Moves a task to another project, where it has another id. */
export function useMoveToProject(task: Task) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (project: string) =>
      unwrap(
        api.POST("/api/tasks/{task_id}/move", {
          params: {
            path: { task_id: task.id },
            header: { ...idempotencyKey(), ...ifMatch(task.version) },
          },
          body: { project },
        }),
      ),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: projectsKey });
      void queries.invalidateQueries({
        queryKey: tasksKey,
        predicate: ({ queryHash }) => queryHash !== JSON.stringify(taskKey(task.id)),
      });
    },
  });
}
