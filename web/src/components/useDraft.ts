import { useState, useSyncExternalStore } from "react";

import { unsavedKey } from "../api/unsaved";

const listeners = new Set<() => void>();

/** Returns the text with this name that was not sent, or null. */
export function readDraft(name: string): string | null {
  return localStorage.getItem(unsavedKey("draft", name));
}

/** Keeps a text in the browser's storage; null removes it. */
export function storeDraft(name: string, text: string | null): void {
  const key = unsavedKey("draft", name);
  if (text === null) {
    localStorage.removeItem(key);
  } else {
    localStorage.setItem(key, text);
  }
  listeners.forEach((listener) => {
    listener();
  });
}

/** Gives a text back to the person that could not be sent, before what they have typed since. */
export function returnDraft(name: string, text: string, separator = "\n\n"): void {
  const typed = readDraft(name);
  storeDraft(name, typed === null ? text : text + separator + typed);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Returns the text with this name that was not sent, or null, and renders again when it changes. */
export function useStoredDraft(name: string): string | null {
  return useSyncExternalStore(subscribe, () => readDraft(name));
}

/**
 * A text that a reload does not lose: it is in the browser's storage until it is cleared.
 * Returns the text, a function that changes it, and a function that clears it.
 */
export function useDraft(name: string, initial = ""): [string, (text: string) => void, () => void] {
  const [first] = useState(initial);
  const text = useStoredDraft(name) ?? first;

  function change(next: string) {
    storeDraft(name, next === first ? null : next);
  }

  return [text, change, () => change(first)];
}
