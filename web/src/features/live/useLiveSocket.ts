import { useEffect, useEffectEvent } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { createStore, useStore } from "../../components/store";
import { keepConnected, type LiveEvent } from "./liveSocket";

/** Whether the live connection of the page is open. */
const openStore = createStore(false);
const listeners = new Set<(events: LiveEvent[]) => void>();

/** Whether there is a live connection; without one the page must ask for changes. */
export const useIsConnected = () => useStore(openStore);

/** Calls `onChange` when something changed in the project of the page, and after a new connection. */
export function useLiveEvents(onChange: (events: LiveEvent[]) => void): void {
  const notify = useEffectEvent(onChange);
  useEffect(() => {
    const listener = (events: LiveEvent[]) => notify(events);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }, []);
}

/** Keeps a live connection to the project of the page. */
export function useLiveSocket(projectId: string): void {
  useEffect(() => {
    const disconnect = keepConnected(projectId, getTicket, {
      onState: openStore.set,
      onChange: (events) => {
        listeners.forEach((listener) => {
          listener(events);
        });
      },
    });
    return () => {
      disconnect();
      openStore.set(false);
    };
  }, [projectId]);
}

async function getTicket() {
  return unwrap(api.POST("/api/live/tickets"));
}
