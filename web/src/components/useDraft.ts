import { useState } from "react";

const PREFIX = "draft-";

/** Returns the text with this name that was not sent, or null. */
export function readDraft(name: string): string | null {
  return localStorage.getItem(PREFIX + name);
}

/** Keeps a text in the browser's storage; null removes it. */
export function storeDraft(name: string, text: string | null): void {
  if (text === null) {
    localStorage.removeItem(PREFIX + name);
  } else {
    localStorage.setItem(PREFIX + name, text);
  }
}

/**
 * A text that a reload does not lose: it is in the browser's storage until it is cleared.
 * Returns the text, a function that changes it, and a function that clears it.
 */
export function useDraft(name: string, initial = ""): [string, (text: string) => void, () => void] {
  const [text, setText] = useState(() => readDraft(name) ?? initial);

  function change(next: string) {
    setText(next);
    storeDraft(name, next === initial ? null : next);
  }

  return [text, change, () => change(initial)];
}
