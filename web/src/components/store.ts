import { useSyncExternalStore } from "react";

/** A value outside of components, such as what a dialog of the whole page asks about. */
export interface Store<T> {
  get: () => T;
  set: (value: T) => void;
  /** Calls `listener` when the value changes; returns a function that ends this. */
  subscribe: (listener: () => void) => () => void;
}

export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set: (next) => {
      value = next;
      listeners.forEach((listener) => {
        listener();
      });
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Returns the value of a store, and renders again when it changes. */
export function useStore<T>(store: Store<T>): T {
  return useSyncExternalStore(store.subscribe, store.get);
}

let isPrinting = false;

/** Calls `listener` when the browser begins and ends to print; returns a function that ends this. */
function subscribeToPrint(listener: () => void): () => void {
  const update = ({ type }: Event) => {
    isPrinting = type === "beforeprint";
    listener();
  };
  window.addEventListener("beforeprint", update);
  window.addEventListener("afterprint", update);
  return () => {
    window.removeEventListener("beforeprint", update);
    window.removeEventListener("afterprint", update);
  };
}

/** Whether the page is rendered for paper, where everything is in sight. */
export const useIsPrinting = () => useSyncExternalStore(subscribeToPrint, () => isPrinting);
