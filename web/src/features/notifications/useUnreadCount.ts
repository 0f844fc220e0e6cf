import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";

export const notificationsKey = ["notifications"];

/** The number of unread notifications, asked for each minute while the page is visible. */
export function useUnreadCount() {
  return useQuery({
    queryKey: [...notificationsKey, "count"],
    queryFn: () => unwrap(api.GET("/api/notifications/unread-count")),
    refetchInterval: 60_000,
  }).data?.unread;
}
