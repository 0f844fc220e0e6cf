import { Button, Group, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";

import type { JobState } from "../api/types";
import { m } from "../i18n";
import { notifyProblem } from "./notify";
import { formatPercent, formatSize } from "./sizes";

interface Props {
  job: JobState;
  /** Returns the URL of a file. */
  readLink: (file: string) => Promise<{ url: string }>;
}

/** The state of an export or a report, and then its files. */
export function JobFiles({ job, readLink }: Props) {
  const download = useMutation({
    mutationFn: readLink,
    onSuccess: ({ url }) => location.assign(url),
    onError: notifyProblem,
  });
  if (job.status === "failed") {
    return (
      <Text size="sm" role="alert">
        {m.jobs.failed}
      </Text>
    );
  }
  if (job.status !== "done") {
    return (
      <Group gap="xs" mt="sm">
        <Text size="sm" role="status">
          {m.jobs.running}
        </Text>
        {/* Without a value it shows that something is going on. */}
        <progress aria-label={m.jobs.progress} max={100} value={job.progress ?? undefined} />
        {job.progress !== null && (
          <Text size="sm" c="dimmed">
            {formatPercent(job.progress)}
          </Text>
        )}
      </Group>
    );
  }
  return (
    <Stack gap={4} align="flex-start">
      {job.files.map(({ name, size }) => (
        <Button
          key={name}
          variant="subtle"
          size="xs"
          leftSection={<IconDownload size={14} />}
          onClick={() => download.mutate(name)}
        >
          {name} ({formatSize(size)})
        </Button>
      ))}
    </Stack>
  );
}
