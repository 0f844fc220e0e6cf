import { Alert } from "@mantine/core";
import { IconCloudOff } from "@tabler/icons-react";
import { onlineManager, useMutationState } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import { isKept } from "../api/keptChanges";
import { m } from "../i18n";

/**
 * Says that the connection is lost, and how many changes wait for it. Asks before a reload loses those
 * that the browser's storage does not have.
 */
export function ConnectionBanner() {
  const isOnline = useSyncExternalStore(
    (listener) => onlineManager.subscribe(listener),
    () => onlineManager.isOnline(),
  );
  const kept = useMutationState({
    filters: { predicate: ({ state }) => state.isPaused },
    select: isKept,
  });
  const waiting = kept.length;
  const canLose = kept.includes(false);
  useEffect(() => {
    if (!canLose) {
      return undefined;
    }
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [canLose]);
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
