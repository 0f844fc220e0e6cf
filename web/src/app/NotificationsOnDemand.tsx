import { lazy, Suspense } from "react";

import { notifiedStore } from "../components/notify";
import { useStore } from "../components/store";

const Notifications = lazy(() =>
  import("@mantine/notifications").then(({ Notifications }) => ({ default: Notifications })),
);

/** Shows notifications; the code for it is loaded with the first one. */
export function NotificationsOnDemand() {
  return (
    useStore(notifiedStore) && (
      <Suspense>
        <Notifications position="bottom-right" />
      </Suspense>
    )
  );
}
