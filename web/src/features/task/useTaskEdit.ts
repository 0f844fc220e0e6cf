import { useEffect, useRef, useState } from "react";

import type { Task, TaskPatch } from "../../api/types";
import { unsavedKey } from "../../api/unsaved";
import type { SeenTask } from "./conflicts";
import { useChangeTask } from "./mutations";

type Field = "title" | "start_date" | "due_date";

/** A text that is not saved yet, and the task as it was when the person began to type. */
interface Edit {
  text: string;
  seen: SeenTask;
}

/**
 * A field of a task that is saved when the person leaves it, closes the task or leaves the page. What a
 * reload interrupts is saved after it: until then, the text is in the tab's storage.
 *
 * `toPatch` returns the change that a text means, or null if it changes nothing or means nothing.
 */
export function useTaskEdit(
  task: Task,
  field: Field,
  toPatch: (text: string, seen: SeenTask) => TaskPatch | null,
) {
  const { mutate } = useChangeTask();
  const key = unsavedKey("edit", `${task.id}-${field}`);
  const [edit, setEdit] = useState<Edit | null>(null);

  function change(text: string) {
    const { id, version } = task;
    const next = { text, seen: edit?.seen ?? { id, version, [field]: task[field] } };
    setEdit(next);
    sessionStorage.setItem(key, JSON.stringify(next));
  }

  /** Sends what the storage has, which outlives this component and its page. */
  function save() {
    setEdit(null);
    const stored = sessionStorage.getItem(key);
    if (stored === null) {
      return;
    }
    const { text, seen } = JSON.parse(stored) as Edit;
    const patch = toPatch(text, seen);
    if (patch !== null) {
      mutate({ task: seen, patch });
    }
    sessionStorage.removeItem(key);
  }

  const saveLatest = useRef(save);
  useEffect(() => {
    saveLatest.current = save;
  });
  useEffect(() => {
    saveLatest.current();
    return () => saveLatest.current();
  }, [key]);

  return {
    /** What is typed, or null. */
    text: edit?.text ?? null,
    /** The value that the person has seen: the current one, or that from before the edit. */
    seen: edit ? edit.seen[field] : task[field],
    change,
    save,
  };
}
