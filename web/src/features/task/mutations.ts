/** What the client changes of tasks. */
import { useMutationState } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { keepChange, keptKey } from "../../api/keptChanges";
import { ApiProblem, isProblem, unwrap } from "../../api/problems";
import { queryClient } from "../../api/queries";
import type { Task, TaskCard, TaskPatch } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { returnDraft } from "../../components/useDraft";
import { mergeNewer } from "../live/merge";
import { findConflicts, type SeenTask } from "./conflicts";
import { addConflict, blockedStore } from "./dialogStores";
import { type EditedField, returnEdit } from "./edits";
import {
  boardKey,
  boardsKey,
  listsKey,
  patchCachedTask,
  readTask,
  taskKey,
  tasksKey,
  toVisiblePatch,
} from "./queries";

interface Change {
  task: SeenTask;
  patch: TaskPatch;
  /** Whether the task becomes done although others block it. */
  force?: boolean;
  /** The field in which the person typed this. */
  edited?: { field: EditedField; text: string };
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
  return sendFor(change.task, change);
}

/** Sends a change for the version of a task that `base` has. */
async function sendFor(base: SeenTask, change: Change): Promise<Task> {
  const { task, patch } = change;
  try {
    return await sendPatch(base, change);
  } catch (error) {
    if (!isProblem(error, "precondition_failed")) {
      throw error;
    }
    const current = await readTask(task.id);
    const fields = findConflicts(task, patch, current);
    if (fields.length === 0 && current.version > base.version) {
      return sendFor(current, change);
    }
    addConflict({ current, patch, fields });
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

/** The name of the draft of a task's description. */
export const descriptionDraft = (taskId: string) => `description-${taskId}`;

/** Changes a task: the new values are visible at once, and the old ones again after a failure. */
export const useChangeTask = keepChange<Task, Change>("change-task", {
  mutationFn: changeTask,
  scope: { id: "tasks" },
  onMutate: async ({ task, patch }) => {
    await queryClient.cancelQueries({ queryKey: tasksKey });
    patchCachedTask(queryClient, task.id, toVisiblePatch(patch));
  },
  onSuccess: (task, { patch }) => {
    patchCachedTask(queryClient, task.id, task);
    if (patch.status === "done" && task.next_task !== null) {
      void queryClient.invalidateQueries({ queryKey: tasksKey });
    }
  },
  onError: (error, change) => {
    const { task, patch, edited } = change;
    const before = Object.fromEntries(
      Object.keys(patch).map((field) => [field, task[field as keyof TaskPatch]]),
    );
    patchCachedTask(queryClient, task.id, before);
    void queryClient.invalidateQueries({ queryKey: tasksKey });
    if (typeof patch.description === "string" && !isProblem(error, "precondition_failed")) {
      returnDraft(descriptionDraft(task.id), patch.description);
    }
    if (edited && error instanceof ApiProblem && error.isTemporary) {
      returnEdit(edited.field, { text: edited.text, seen: task });
    }
    reportFailure(error, change);
  },
});

interface NewTask extends Pick<Task, "title" | "project"> {
  fields: Partial<Pick<Task, "status" | "parent" | "due_date">>;
  key: string;
}

/** The name of the draft of a new task's title. */
export const newTaskDraft = (projectId: string, { parent, status }: NewTask["fields"]) =>
  `new-task-${parent ?? projectId}-${status ?? ""}`;

const CREATE = "create-task";

/** Creates a task in a project; the board shows it when the API has confirmed it. */
export const useCreateTask = keepChange<Task, NewTask>(CREATE, {
  mutationFn: ({ project, title, fields, key }) =>
    unwrap(
      api.POST("/api/tasks", {
        params: { header: idempotencyKey(key) },
        body: { project, title, ...fields },
      }),
    ),
  onSuccess: (task) => {
    queryClient.setQueriesData<TaskCard[]>(
      { queryKey: boardKey(task.project) },
      (tasks) => tasks && mergeNewer(tasks, [task]),
    );
    void queryClient.invalidateQueries({ queryKey: listsKey });
    void queryClient.invalidateQueries({ queryKey: ["projects"], exact: true });
  },
  onError: (error, { project, title, fields }) => {
    returnDraft(newTaskDraft(project, fields), title, " ");
    notifyProblem(error);
  },
});

/** Returns the new tasks with these fields that are on their way. */
export function useUnsentTasks(projectId: string, fields: NewTask["fields"]): NewTask[] {
  const unsent = useMutationState({
    filters: { mutationKey: keptKey(CREATE), status: "pending" },
    select: ({ state }) => state.variables as NewTask,
  });
  const place = newTaskDraft(projectId, fields);
  return unsent.filter((task) => newTaskDraft(task.project, task.fields) === place);
}

/** Moves a task to the trash. */
export const useDeleteTask = keepChange<unknown, Pick<Task, "id">>("delete-task", {
  mutationFn: ({ id }) =>
    unwrap(api.DELETE("/api/tasks/{task_id}", { params: { path: { task_id: id } } })),
  onSuccess: (_, { id }) => {
    queryClient.setQueriesData<TaskCard[]>({ queryKey: boardsKey }, (tasks) =>
      tasks?.filter((task) => task.id !== id),
    );
    queryClient.removeQueries({ queryKey: taskKey(id) });
    void queryClient.invalidateQueries({ queryKey: listsKey });
    void queryClient.invalidateQueries({ queryKey: ["projects"], exact: true });
  },
  onError: notifyProblem,
});
