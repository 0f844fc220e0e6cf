import { ActionIcon, Button, Group, Progress, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { Attachment } from "../../api/types";
import { m } from "../../i18n";
import { cancel, type Upload } from "./uploadStore";

/** A file on its way, which can be cancelled. */
export function UploadRow({ upload, onRetry }: { upload: Upload; onRetry: () => void }) {
  const name = upload.file.name;
  return (
    <Row name={name} onCancel={() => void cancel(upload)}>
      <Progress
        flex={1}
        size="sm"
        color={upload.hasFailed ? "red" : "indigo"}
        value={upload.share * 100}
        aria-label={m.uploads.uploading(name)}
      />
      {upload.hasFailed && (
        <Button size="compact-xs" variant="subtle" onClick={onRetry}>
          {m.uploads.tryAgain}
        </Button>
      )}
    </Row>
  );
}

/** A file whose upload was interrupted, until the person chooses it again. */
export function InterruptedRow({ file, onDiscard }: { file: Attachment; onDiscard: () => void }) {
  return (
    <Row name={file.filename} onCancel={onDiscard}>
      <Text size="xs" c="dimmed" flex={1}>
        {m.uploads.interrupted}
      </Text>
    </Row>
  );
}

interface RowProps {
  name: string;
  onCancel: () => void;
  children: ReactNode;
}

function Row({ name, onCancel, children }: RowProps) {
  return (
    <Group gap="sm" py={4} wrap="nowrap">
      <Text size="sm" truncate maw="40%">
        {name}
      </Text>
      {children}
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={m.uploads.cancel(name)}
        onClick={onCancel}
      >
        <IconX size={14} />
      </ActionIcon>
    </Group>
  );
}
