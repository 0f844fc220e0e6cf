/** Stores the changes that are on their way, and makes them again after a reload. */
import type { MutationKey, MutationState } from "@tanstack/react-query";

import { isKept } from "../api/keptChanges";
import { isProblem } from "../api/problems";
import { queryClient } from "../api/queries";
import { getUserId } from "../api/session";
import { unsavedKey } from "../api/unsaved";
import { notifyProblem, notifySuccess } from "../components/notify";
import { m } from "../i18n";

interface StoredChange {
  mutationKey: MutationKey;
  state: MutationState;
}

/** Loads the modules that declare kinds of changes. */
const loadKinds = () =>
  Promise.all([
    import("../features/comments/queries"),
    import("../features/order/useMoveTask"),
    import("../features/task/mutations"),
  ]);

/**
 * Stores what the person who is logged in changes, until the returned function is called. What an
 * earlier page has left is sent. A page locks the key of its changes, so another one takes them over
 * when it is closed.
 */
export function storeChanges(): () => void {
  const cache = queryClient.getMutationCache();
  const user = getUserId();
  const key = unsavedKey("changes", crypto.randomUUID());
  const left = Object.keys(localStorage).filter((each) =>
    each.startsWith(unsavedKey("changes", "")),
  );
  const end = new AbortController();

  function store() {
    if (getUserId() !== user) {
      return; // The session has ended. Who logs in again continues.
    }
    const changes = cache
      .findAll({ status: "pending", predicate: isKept })
      .map(({ options, state }) => ({ mutationKey: options.mutationKey, state }));
    if (changes.length > 0) {
      localStorage.setItem(key, JSON.stringify(changes));
    } else {
      localStorage.removeItem(key);
    }
  }

  async function takeOver(other: string): Promise<void> {
    const stored = localStorage.getItem(other);
    await loadKinds();
    if (stored === null || end.signal.aborted) {
      return;
    }
    const restored = (JSON.parse(stored) as StoredChange[]).map(({ mutationKey, state }) =>
      cache.build(queryClient, { mutationKey }, { ...state, isPaused: true }),
    );
    store();
    localStorage.removeItem(other);
    await queryClient.resumePausedMutations();
    report(restored.map(({ state }) => state));
  }

  const stop = cache.subscribe(({ type }) => {
    if (type === "updated") {
      store();
    }
  });
  void navigator.locks.request(
    key,
    () => new Promise<void>((resolve) => end.signal.addEventListener("abort", () => resolve())),
  );
  for (const other of left) {
    navigator.locks
      .request(other, { signal: end.signal }, () => takeOver(other))
      .catch(() => undefined); // the session ended before the other page was closed
  }
  return () => {
    stop();
    end.abort();
  };
}

/** Says what has become of changes from before a reload. Other failures are reported by the change. */
function report(states: { status: string; error: unknown }[]): void {
  const saved = states.filter(({ status }) => status === "success").length;
  if (saved > 0) {
    notifySuccess(m.connection.resumed(saved));
  }
  const conflict = states.find(({ error }) => isProblem(error, "precondition_failed"));
  if (conflict) {
    notifyProblem(conflict.error);
  }
}
