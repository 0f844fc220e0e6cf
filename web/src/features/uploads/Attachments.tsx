import { Box, Button, FileButton, Group, Text, Title } from "@mantine/core";
import { IconPaperclip } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";

import { m } from "../../i18n";
import classes from "./Attachments.module.css";
import { FileRow } from "./FileRow";
import { useAttachments } from "./queries";
import { InterruptedRow, UploadRow } from "./UploadRow";
import { useUploads } from "./useUploads";

/** The files of a task; new ones are chosen, dropped or pasted. */
export function Attachments({ taskId, isEditable }: { taskId: string; isEditable: boolean }) {
  const { data } = useAttachments(taskId);
  const attachments = data?.items ?? [];
  const uploads = useUploads(taskId, attachments, isEditable);
  const { running, interrupted, add } = uploads;
  const [isOver, setOver] = useState(false);
  const files = attachments.filter(({ status }) => status === "ready");
  const isEmpty = files.length + running.length + interrupted.length === 0;
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    add([...event.dataTransfer.files]);
  };
  const target = isEditable && {
    onDragOver: (event: DragEvent) => {
      event.preventDefault();
      setOver(true);
    },
    onDragLeave: () => setOver(false),
    onDrop: drop,
  };
  return (
    <Box
      component="section"
      className={classes.area}
      data-over={isOver || undefined}
      aria-label={m.task.attachments}
      {...target}
    >
      <Group justify="space-between" mb={6}>
        <Title order={3} size="sm">
          {m.task.attachments}
        </Title>
        {isEditable && (
          <FileButton multiple onChange={add}>
            {(props) => (
              <Button
                {...props}
                variant="subtle"
                size="compact-xs"
                leftSection={<IconPaperclip size={14} />}
              >
                {m.task.attach}
              </Button>
            )}
          </FileButton>
        )}
      </Group>
      {files.map((file) => (
        <FileRow key={file.id} file={file} isEditable={isEditable} />
      ))}
      {running.map((upload) => (
        <UploadRow key={upload.id} upload={upload} onRetry={() => uploads.tryAgain(upload)} />
      ))}
      {interrupted.map((file) => (
        <InterruptedRow key={file.id} file={file} onDiscard={() => uploads.discard(file)} />
      ))}
      {isEmpty && (
        <Text c="dimmed" size="sm">
          {isEditable ? m.task.dropFiles : m.common.none}
        </Text>
      )}
    </Box>
  );
}
