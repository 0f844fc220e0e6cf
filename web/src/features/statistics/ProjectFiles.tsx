import { Button, Group, Paper, Title } from "@mantine/core";
import { Link } from "react-router";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { JobFiles } from "../../components/JobFiles";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useStartedJob } from "../../components/useStartedJob";
import { readReport } from "./readReport";
import { texts } from "./texts";

function useExport(projectId: string) {
  const path = { project_id: projectId };
  return useStartedJob(
    `export-${projectId}`,
    () =>
      unwrap(
        api.POST("/api/projects/{project_id}/exports", {
          params: { path, header: idempotencyKey() },
        }),
      ),
    (export_id) =>
      unwrap(
        api.GET("/api/projects/{project_id}/exports/{export_id}", {
          params: { path: { ...path, export_id } },
        }),
      ),
  );
}

function useReport(projectId: string) {
  const path = { project_id: projectId };
  return useStartedJob(
    `report-${projectId}`,
    () =>
      unwrap(
        api.POST("/api/projects/{project_id}/reports", {
          params: { path, header: idempotencyKey() },
          body: {},
        }),
      ),
    (report_id) => readReport(projectId, report_id),
  );
}

/** Starts an export or a report of the project. */
export function ProjectFiles({ projectId }: { projectId: string }) {
  const { job, ...start } = useExport(projectId);
  const report = useReport(projectId);
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h6" mb="sm">
        {texts.files}
      </Title>
      <ProblemAlert error={start.error ?? report.error} />
      <Group>
        <Button variant="default" loading={start.isStarting} onClick={start.begin}>
          {texts.export}
        </Button>
        <Button variant="default" loading={report.isStarting} onClick={report.begin}>
          {texts.report}
        </Button>
        {report.job && (
          <Button
            component={Link}
            variant="subtle"
            to={`/projects/${projectId}/reports/${report.job.id}`}
          >
            {texts.openReport}
          </Button>
        )}
      </Group>
      {job && (
        <JobFiles
          job={job}
          readLink={(file) =>
            unwrap(
              api.GET("/api/projects/{project_id}/exports/{export_id}/download", {
                params: { path: { project_id: projectId, export_id: job.id }, query: { file } },
              }),
            )
          }
        />
      )}
    </Paper>
  );
}
