/** What the dialogs about changes of tasks ask the person. */
import type { Task, TaskPatch } from "../../api/types";
import { createStore } from "../../components/store";
import { readDraft, storeDraft, useStoredDraft } from "../../components/useDraft";
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

const CONFLICTS = "conflicts";

const parse = (stored: string | null) =>
  stored === null ? [] : (JSON.parse(stored) as OpenConflict[]);

function storeConflicts(conflicts: OpenConflict[]): void {
  storeDraft(CONFLICTS, conflicts.length === 0 ? null : JSON.stringify(conflicts));
}

/**
 * Asks about a conflict after those that wait for an answer already. A reload does not lose them. A
 * newer change of the same fields takes the place of the earlier one.
 */
export function addConflict(added: OpenConflict): void {
  const others = parse(readDraft(CONFLICTS)).filter(
    ({ current, patch }) =>
      current.id !== added.current.id ||
      Object.keys(patch).some((field) => !(field in added.patch)),
  );
  storeConflicts([...others, added]);
}

/** Removes the conflict that the person has answered. */
export function closeConflict(): void {
  storeConflicts(parse(readDraft(CONFLICTS)).slice(1));
}

/** Returns the conflict to ask about, if there is one. */
export function useConflict(): OpenConflict | undefined {
  return parse(useStoredDraft(CONFLICTS))[0];
}

export const blockedStore = createStore<BlockedChange | null>(null);
