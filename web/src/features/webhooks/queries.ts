/** What the client reads of webhooks. */
import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { WebhookEvent } from "../../api/types";

const POLL_MILLISECONDS = 2_000;

export const EVENTS: WebhookEvent[] = [
  "task.created",
  "task.changed",
  "task.deleted",
  "task.restored",
  "comment.created",
  "comment.changed",
  "comment.deleted",
  "label.created",
  "label.changed",
  "label.deleted",
  "member.added",
  "member.changed",
  "member.removed",
];

export const webhooksKey = (projectId: string) => ["projects", projectId, "webhooks"] as const;
export const deliveriesKey = (webhookId: string) => ["deliveries", webhookId] as const;

export function useWebhooks(projectId: string) {
  return useQuery({
    queryKey: webhooksKey(projectId),
    queryFn: () =>
      unwrap(
        api.GET("/api/projects/{project_id}/webhooks", {
          params: { path: { project_id: projectId } },
        }),
      ),
  });
}

/** Reads the newest deliveries, again and again while one of them has not been tried. */
export function useDeliveries(projectId: string, webhookId: string) {
  return useQuery({
    queryKey: deliveriesKey(webhookId),
    queryFn: () =>
      unwrap(
        api.GET("/api/projects/{project_id}/webhooks/{webhook_id}/deliveries", {
          params: { path: { project_id: projectId, webhook_id: webhookId } },
        }),
      ),
    refetchInterval: ({ state }) =>
      state.data?.items.some((each) => each.attempts === 0 && each.status === "pending")
        ? POLL_MILLISECONDS
        : false,
  });
}
