import { Button, Group, Stack, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { JobFiles } from "../../components/JobFiles";
import { onDemand } from "../../components/onDemand";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useStartedJob } from "../../components/useStartedJob";
import { m } from "../../i18n";

const DeleteAccountDialog = onDemand(() => import("./DeleteAccountDialog"));

/** Exports the person's data, or deletes the account. */
export function LeaveSection() {
  const [isOpen, { open, close }] = useDisclosure();
  const { job, ...start } = useStartedJob(
    "account-export",
    () => unwrap(api.POST("/api/auth/profile/exports", { params: { header: idempotencyKey() } })),
    (export_id) =>
      unwrap(api.GET("/api/auth/profile/exports/{export_id}", { params: { path: { export_id } } })),
  );
  return (
    <Stack component="section">
      <Title order={2} size="h5">
        {m.account.data}
      </Title>
      <ProblemAlert error={start.error} />
      <Group>
        <Button variant="default" loading={start.isStarting} onClick={start.begin}>
          {m.account.export}
        </Button>
        <Button variant="light" color="red" onClick={open}>
          {m.account.delete}
        </Button>
      </Group>
      {job && (
        <JobFiles
          job={job}
          readLink={(file) =>
            unwrap(
              api.GET("/api/auth/profile/exports/{export_id}/download", {
                params: { path: { export_id: job.id }, query: { file } },
              }),
            )
          }
        />
      )}
      <DeleteAccountDialog isOpen={isOpen} onClose={close} />
    </Stack>
  );
}
