import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";

export const attachmentsKey = (taskId: string) => ["attachments", taskId] as const;

/** Reads the files of a task, with the person's own that have not arrived yet. */
export function useAttachments(taskId: string) {
  return useQuery({
    queryKey: attachmentsKey(taskId),
    queryFn: () =>
      unwrap(
        api.GET("/api/tasks/{task_id}/attachments", { params: { path: { task_id: taskId } } }),
      ),
  });
}
