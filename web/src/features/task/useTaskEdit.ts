import { useEffect, useRef, useState } from "react";

import type { Task, TaskPatch } from "../../api/types";
import type { SeenTask } from "./conflicts";
import {
  type Edit,
  type EditedField,
  readEdit,
  removeEdit,
  storeEdit,
  subscribeToReturns,
} from "./edits";
import { useChangeTask } from "./mutations";

/**
 * A field of a task that is saved when the person leaves it, closes the task or leaves the page. What a
 * reload interrupts is saved after it: until then, the text is in the tab's storage. A text that the
 * API could not save is in the field again, and is saved when the person next leaves it.
 *
 * `toPatch` returns the change that a text means, or null if it changes nothing or means nothing.
 */
export function useTaskEdit(
  task: Task,
  field: EditedField,
  toPatch: (text: string, seen: SeenTask) => TaskPatch | null,
) {
  const { mutate } = useChangeTask();
  const { id } = task;
  const [edit, setEdit] = useState<Edit | null>(null);

  function change(text: string) {
    const next = { text, seen: edit?.seen ?? { id, version: task.version, [field]: task[field] } };
    setEdit(next);
    storeEdit(field, next);
  }

  /** Sends what the storage has, which outlives this component and its page. */
  function save() {
    setEdit(null);
    const stored = readEdit(id, field);
    if (stored === null) {
      return;
    }
    const { text, seen } = stored;
    const patch = toPatch(text, seen);
    if (patch !== null) {
      mutate({ task: seen, patch, edited: { field, text } });
    }
    removeEdit(id, field);
  }

  const saveLatest = useRef(save);
  useEffect(() => {
    saveLatest.current = save;
  });
  useEffect(() => {
    saveLatest.current();
    return () => saveLatest.current();
  }, [id, field]);
  useEffect(() => subscribeToReturns(() => setEdit(readEdit(id, field))), [id, field]);

  return {
    /** The typed text, or null. */
    text: edit?.text ?? null,
    /** The value that the person has seen: the current one, or that from before the edit. */
    seen: edit ? edit.seen[field] : task[field],
    change,
    save,
  };
}
