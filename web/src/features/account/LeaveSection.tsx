import { Button, Group, Stack, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { JobFiles } from "../../components/JobFiles";
import { onDemand } from "../../components/onDemand";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useJob } from "../../components/useJob";
import { m } from "../../i18n";

const DeleteAccountDialog = onDemand(() => import("./DeleteAccountDialog"));

/** Exports the person's data, or deletes the account. */
export function LeaveSection() {
  const [isOpen, { open, close }] = useDisclosure();
  const start = useMutation({
    mutationFn: () =>
      unwrap(api.POST("/api/auth/profile/exports", { params: { header: idempotencyKey() } })),
  });
  const id = start.data?.id ?? null;
  const job = useJob("account", id, (export_id) =>
    unwrap(api.GET("/api/auth/profile/exports/{export_id}", { params: { path: { export_id } } })),
  );
  return (
    <Stack component="section">
      <Title order={2} size="h5">
        {m.account.data}
      </Title>
      <ProblemAlert error={start.error} />
      <Group>
        <Button variant="default" loading={start.isPending} onClick={() => start.mutate()}>
          {m.account.export}
        </Button>
        <Button variant="light" color="red" onClick={open}>
          {m.account.delete}
        </Button>
      </Group>
      {job.data && (
        <JobFiles
          job={job.data}
          readLink={(file) =>
            unwrap(
              api.GET("/api/auth/profile/exports/{export_id}/download", {
                params: { path: { export_id: job.data.id }, query: { file } },
              }),
            )
          }
        />
      )}
      <DeleteAccountDialog isOpen={isOpen} onClose={close} />
    </Stack>
  );
}
