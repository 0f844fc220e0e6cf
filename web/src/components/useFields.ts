import { type ChangeEvent, useState } from "react";

import { ApiProblem } from "../api/problems";
import { readDraft, storeDraft } from "./useDraft";

type Field = ChangeEvent<HTMLInputElement | HTMLTextAreaElement>;

/**
 * The text fields of a form. `bind(name)` returns the properties of an input; the message of a field
 * in `error`, which is that of the request, disappears when the field changes.
 *
 * With the name of a `draft`, a reload does not lose what is typed, until `reset` or `forget` is called.
 */
export function useFields<T extends Record<string, string>>(
  initial: T,
  error: unknown,
  draft?: string,
) {
  const [values, setValues] = useState<T>(() => ({ ...initial, ...readChanges(draft) }));
  const [changed, setChanged] = useState<{ error: unknown; names: Set<string> }>({
    error,
    names: new Set(),
  });
  const names = changed.error === error ? changed.names : new Set<string>();
  const messages = error instanceof ApiProblem ? error.fields : {};

  function setValue(name: keyof T & string, value: string) {
    setValues((before) => ({ ...before, [name]: value }));
    setChanged({ error, names: new Set([...names, name]) });
    if (draft !== undefined) {
      storeChanges(draft, { ...readChanges(draft), [name]: value }, initial);
    }
  }

  function bind(name: keyof T & string) {
    return {
      name,
      value: values[name] ?? "",
      onChange: (event: Field) => setValue(name, event.currentTarget.value),
      error: names.has(name) ? undefined : messages[name],
    };
  }

  function forget() {
    if (draft !== undefined) {
      storeDraft(draft, null);
    }
  }

  function reset() {
    setValues(initial);
    forget();
  }

  return { values, bind, setValue, reset, forget };
}

function readChanges(draft: string | undefined): Record<string, string> {
  const stored = draft === undefined ? null : readDraft(draft);
  return stored === null ? {} : (JSON.parse(stored) as Record<string, string>);
}

/** Keeps the values that differ from the initial ones. */
function storeChanges(draft: string, values: Record<string, string>, initial: object): void {
  const changes = Object.entries(values).filter(
    ([name, value]) => value !== (initial as Record<string, string>)[name],
  );
  storeDraft(draft, changes.length === 0 ? null : JSON.stringify(Object.fromEntries(changes)));
}
