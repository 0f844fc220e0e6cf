import { Stack, Title } from "@mantine/core";
import { useParams } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { JobFiles } from "../../components/JobFiles";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useJob } from "../../components/useJob";
import { readReport } from "./readReport";
import { texts } from "./texts";

/** The files of a report, to which the weekly mail links. */
export default function ReportPage() {
  const { projectId = "", reportId = "" } = useParams();
  const path = { project_id: projectId, report_id: reportId };
  const { data: job, error } = useJob(`report-${projectId}`, reportId, (id) =>
    readReport(projectId, id),
  );
  return (
    <Stack px={{ base: "md", sm: "xl" }} py="md">
      <Title order={2} size="h4">
        {texts.reportTitle}
      </Title>
      <ProblemAlert error={error} />
      {!job && !error && <Loading />}
      {job && (
        <JobFiles
          job={job}
          readLink={(file) =>
            unwrap(
              api.GET("/api/projects/{project_id}/reports/{report_id}/download", {
                params: { path, query: { file } },
              }),
            )
          }
        />
      )}
    </Stack>
  );
}
