import { useEffect, useEffectEvent, useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { keepConnected } from "./liveSocket";

/**
 * Calls `onChange` when something changed in the project, and after a new connection. Returns
 * whether there is a connection; without one the caller must ask.
 */
export function useLiveSocket(projectId: string | undefined, onChange: () => void): boolean {
  const [isOpen, setOpen] = useState(false);
  const notify = useEffectEvent(onChange);
  useEffect(() => {
    if (projectId === undefined) {
      return undefined;
    }
    const disconnect = keepConnected(projectId, getTicket, {
      onState: setOpen,
      onChange: () => {
        notify();
      },
    });
    return () => {
      disconnect();
      setOpen(false);
    };
  }, [projectId]);
  return isOpen;
}

async function getTicket() {
  return unwrap(api.POST("/api/live/tickets"));
}
