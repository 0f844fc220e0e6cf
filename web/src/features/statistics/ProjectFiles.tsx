import { Button, Group, Paper, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { JobFiles } from "../../components/JobFiles";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useJob } from "../../components/useJob";
import { m } from "../../i18n";

/** Starts an export or a report of the project. */
export function ProjectFiles({ projectId }: { projectId: string }) {
  const path = { project_id: projectId };
  const start = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/projects/{project_id}/exports", {
          params: { path, header: idempotencyKey() },
        }),
      ),
  });
  const report = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/projects/{project_id}/reports", {
          params: { path, header: idempotencyKey() },
          body: {},
        }),
      ),
  });
  const job = useJob("export", start.data?.id ?? null, (export_id) =>
    unwrap(
      api.GET("/api/projects/{project_id}/exports/{export_id}", {
        params: { path: { ...path, export_id } },
      }),
    ),
  );
  return (
    <Paper withBorder p="md" component="section">
      <Title order={2} size="h6" mb="sm">
        {m.statistics.files}
      </Title>
      <ProblemAlert error={start.error ?? report.error} />
      <Group>
        <Button variant="default" loading={start.isPending} onClick={() => start.mutate()}>
          {m.statistics.export}
        </Button>
        <Button variant="default" loading={report.isPending} onClick={() => report.mutate()}>
          {m.statistics.report}
        </Button>
        {report.data && (
          <Button
            component={Link}
            variant="subtle"
            to={`/projects/${projectId}/reports/${report.data.id}`}
          >
            {m.statistics.openReport}
          </Button>
        )}
      </Group>
      {job.data && (
        <JobFiles
          job={job.data}
          readLink={(file) =>
            unwrap(
              api.GET("/api/projects/{project_id}/exports/{export_id}/download", {
                params: { path: { ...path, export_id: job.data.id }, query: { file } },
              }),
            )
          }
        />
      )}
    </Paper>
  );
}
