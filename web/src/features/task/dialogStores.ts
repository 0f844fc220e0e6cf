/** What the dialogs about changes of tasks ask the person. */
import type { Task, TaskPatch } from "../../api/types";
import { createStore } from "../../components/store";
import type { FieldConflict, SeenTask } from "./conflicts";

export interface OpenConflict {
  current: Task;
  patch: TaskPatch;
  fields: FieldConflict[];
}

/** A task that cannot be done, because the open tasks with these keys block it. */
export interface BlockedChange {
  task: SeenTask;
  patch: TaskPatch;
  blockers: string[];
}

export const conflictStore = createStore<OpenConflict | null>(null);
export const blockedStore = createStore<BlockedChange | null>(null);
