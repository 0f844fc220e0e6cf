import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { notifyProblem } from "../../components/notify";
import { notificationsKey } from "./useUnreadCount";

const refresh = (queries: QueryClient) => queries.invalidateQueries({ queryKey: notificationsKey });

/** Marks one notification as read. */
export function useMarkAsRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => {
      const params = { path: { notification_id: id } };
      return unwrap(api.PUT("/api/notifications/{notification_id}/read", { params }));
    },
    onSuccess: () => refresh(queries),
    onError: notifyProblem,
  });
}

/** Marks the notification `upTo` and all older ones as read; newer ones were not seen yet. */
export function useMarkAllAsRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (upTo: string) =>
      unwrap(api.POST("/api/notifications/read", { body: { up_to: upTo } })),
    onSuccess: () => refresh(queries),
    onError: notifyProblem,
  });
}
