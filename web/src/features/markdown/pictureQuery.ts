import { queryOptions } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";

/** The address of a picture. It works for a minute; then the browser keeps the picture. */
export function pictureQuery(taskId: string, attachmentId: string) {
  return queryOptions({
    queryKey: ["preview", attachmentId],
    staleTime: Infinity,
    gcTime: 50_000,
    queryFn: () =>
      unwrap(
        api.GET("/api/tasks/{task_id}/attachments/{attachment_id}/download", {
          params: {
            path: { task_id: taskId, attachment_id: attachmentId },
            query: { inline: true },
          },
        }),
      ),
  });
}
