import { Alert } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { onlineManager, useMutationState } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { m } from "../i18n";

/** Says that the connection is lost, and how many changes wait for it. Asks before these are lost. */
export function ConnectionBanner() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  const waiting = useMutationState({
    filters: { predicate: ({ state }) => state.isPaused },
  }).length;
  useEffect(() => {
    if (waiting === 0) {
      return undefined;
    }
    // A reload would lose what waits, so the browser asks.
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [waiting]);
  return (
    <div role="status">
      {!isOnline && (
        <Alert color="yellow" radius={0} icon={<IconCloudOff aria-hidden />}>
          {waiting === 0 ? m.connection.lost : m.connection.waiting(waiting)}
        </Alert>
      )}
    </div>
  );
}
