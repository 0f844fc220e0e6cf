import type { NotificationData } from "@mantine/notifications";

import { describeProblem } from "./describeProblem";
import { createStore } from "./store";

/** Whether a message was shown since the page was loaded. Until then, nothing shows messages. */
export const notifiedStore = createStore(false);

/** Shows that an action succeeded. */
export function notifySuccess(message: string): void {
  void notify({ message, color: "teal" });
}

/** Shows why an action failed, for actions that have no place for it on the page. */
export function notifyProblem(error: unknown): void {
  void notify({ message: describeProblem(error), color: "red", role: "alert" });
}

async function notify(data: NotificationData): Promise<void> {
  const { notifications } = await import("@mantine/notifications");
  notifications.show({ ...data, withBorder: true });
  notifiedStore.set(true);
}
