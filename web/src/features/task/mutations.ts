/** What the client changes of tasks. */
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { ApiProblem, isProblem, unwrap } from "../../api/problems";
import type { Task, TaskCard, TaskPatch } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { findConflicts, type SeenTask } from "./conflicts";
import { blockedStore, conflictStore } from "./dialogStores";
import { boardKey, patchCachedTask, readTask, tasksKey, toVisiblePatch } from "./queries";

interface Change {
  task: SeenTask;
  patch: TaskPatch;
  /** Whether the task becomes done although others block it. */
  force?: boolean;
}

function sendPatch({ id, version }: SeenTask, { patch, force }: Change): Promise<Task> {
  const params = {
    path: { task_id: id },
    header: ifMatch(version),
    query: { render: "html" as const, ...(force && { force }) },
  };
  return unwrap(api.PATCH("/api/tasks/{task_id}", { params, body: patch }));
}

/**
 * Sends a change. When somebody else has changed other fields meanwhile, it is sent again for the
 * current version. Throws the 412 when they changed the same fields, and asks the person.
 */
async function changeTask(change: Change): Promise<Task> {
  const { task, patch } = change;
  try {
    return await sendPatch(task, change);
  } catch (error) {
    if (!isProblem(error, "precondition_failed")) {
      throw error;
    }
    const current = await readTask(task.id);
    const fields = findConflicts(task, patch, current);
    if (fields.length === 0) {
      return sendPatch(current, change);
    }
    conflictStore.set({ current, patch, fields });
    throw error;
  }
}

/** Says why a change failed; open tasks that block the task are a question. */
function reportFailure(error: unknown, { task, patch }: Change): void {
  if (error instanceof ApiProblem && error.code === "blocked") {
    blockedStore.set({ task, patch, blockers: Object.values(error.fields) });
  } else if (!isProblem(error, "precondition_failed")) {
    notifyProblem(error);
  }
}

/** Changes a task: the new values are visible at once, and the old ones again after a failure. */
export function useChangeTask() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: changeTask,
    scope: { id: "tasks" },
    onMutate: async ({ task, patch }) => {
      await queries.cancelQueries({ queryKey: tasksKey });
      patchCachedTask(queries, task.id, toVisiblePatch(patch));
    },
    onSuccess: (task, { patch }) => {
      patchCachedTask(queries, task.id, task);
      if (patch.status === "done" && task.next_task !== null) {
        void queries.invalidateQueries({ queryKey: tasksKey });
      }
    },
    onError: (error, change) => {
      const { task, patch } = change;
      const before = Object.fromEntries(
        Object.keys(patch).map((field) => [field, task[field as keyof TaskPatch]]),
      );
      patchCachedTask(queries, task.id, before);
      void queries.invalidateQueries({ queryKey: tasksKey });
      reportFailure(error, change);
    },
  });
}

type NewTask = Pick<Task, "title"> & Partial<Pick<Task, "status" | "parent" | "due_date">>;

/** Creates a task in a project; the board shows it when the API has confirmed it. */
export function useCreateTask(projectId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (task: NewTask) =>
      unwrap(
        api.POST("/api/tasks", {
          params: { header: idempotencyKey() },
          body: { project: projectId, ...task },
        }),
      ),
    onSuccess: (task) => {
      queries.setQueriesData<TaskCard[]>(
        { queryKey: boardKey(projectId) },
        (tasks) => tasks && [...tasks, task],
      );
      void queries.invalidateQueries({ queryKey: ["tasks", "list"] });
      void queries.invalidateQueries({ queryKey: ["projects"], exact: true });
    },
    onError: notifyProblem,
  });
}

/** Moves a task to the trash. */
export function useDeleteTask() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (task: Pick<Task, "id">) =>
      unwrap(api.DELETE("/api/tasks/{task_id}", { params: { path: { task_id: task.id } } })),
    onSuccess: (_, { id }) => {
      queries.setQueriesData<TaskCard[]>({ queryKey: ["tasks", "board"] }, (tasks) =>
        tasks?.filter((task) => task.id !== id),
      );
      queries.removeQueries({ queryKey: ["tasks", "one", id] });
      void queries.invalidateQueries({ queryKey: ["tasks", "list"] });
      void queries.invalidateQueries({ queryKey: ["projects"], exact: true });
    },
    onError: notifyProblem,
  });
}
