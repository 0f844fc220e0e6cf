import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { JobState } from "../../api/types";

/** Reads the state of a report. */
export function readReport(projectId: string, reportId: string): Promise<JobState> {
  const path = { project_id: projectId, report_id: reportId };
  return unwrap(api.GET("/api/projects/{project_id}/reports/{report_id}", { params: { path } }));
}
