import type { Notification } from "../../api/types";

/** Returns the path of what a notification is about; null if the person can no longer read it. */
export function findTarget({ kind, task, project, report_id }: Notification): string | null {
  if (kind === "overdue") {
    return "/tasks?due=overdue";
  }
  if (kind === "weekly_report") {
    return project && report_id && `/projects/${project.id}/reports/${report_id}`;
  }
  return task && `/tasks/${task.id}`;
}
