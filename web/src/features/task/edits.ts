/** Texts of a task's fields that are not saved yet, in the tab's storage. */
import { unsavedKey } from "../../api/unsaved";
import type { SeenTask } from "./conflicts";

export type EditedField = "title" | "start_date" | "due_date";

/** A text that is not saved yet, and the task as it was when the person began to type. */
export interface Edit {
  text: string;
  seen: SeenTask;
}

const listeners = new Set<() => void>();

const editKey = (taskId: string, field: EditedField) => unsavedKey("edit", `${taskId}-${field}`);

export function readEdit(taskId: string, field: EditedField): Edit | null {
  const stored = sessionStorage.getItem(editKey(taskId, field));
  return stored === null ? null : (JSON.parse(stored) as Edit);
}

export function storeEdit(field: EditedField, edit: Edit): void {
  sessionStorage.setItem(editKey(edit.seen.id, field), JSON.stringify(edit));
}

export function removeEdit(taskId: string, field: EditedField): void {
  sessionStorage.removeItem(editKey(taskId, field));
}

/** Gives a text back that could not be saved, unless the person has typed another one since. */
export function returnEdit(field: EditedField, edit: Edit): void {
  if (readEdit(edit.seen.id, field) === null) {
    storeEdit(field, edit);
    listeners.forEach((listener) => {
      listener();
    });
  }
}

/** Calls `listener` when a text is given back; returns a function that ends this. */
export function subscribeToReturns(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
