const EVENT = "show-shortcuts";

/** Opens the list of keyboard shortcuts. */
export function showShortcuts(): void {
  window.dispatchEvent(new Event(EVENT));
}

/** Calls `listener` when the list shall open; returns a function that ends this. */
export function onShowShortcuts(listener: () => void): () => void {
  window.addEventListener(EVENT, listener);
  return () => window.removeEventListener(EVENT, listener);
}
