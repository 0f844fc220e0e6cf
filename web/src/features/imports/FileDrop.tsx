import { Button, FileButton, Group, Paper, Text } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { type DragEvent, useState } from "react";

import { texts } from "./texts";

interface Props {
  file: File | null;
  accept: string;
  onChange: (file: File) => void;
}

/** A place to choose a file, or to drop one. */
export function FileDrop({ file, accept, onChange }: Props) {
  const [isOver, setOver] = useState(false);
  const choose = (chosen: File | null | undefined) => chosen && onChange(chosen);
  return (
    <Paper
      component="section"
      aria-label={texts.file}
      withBorder
      p="md"
      bg={isOver ? "var(--mantine-primary-color-light)" : undefined}
      onDragOver={(event: DragEvent) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event: DragEvent) => {
        event.preventDefault();
        setOver(false);
        choose(event.dataTransfer.files[0]);
      }}
    >
      <Group>
        <FileButton accept={accept} onChange={choose}>
          {(props) => (
            <Button {...props} variant="default" leftSection={<IconFileUpload size={16} />}>
              {texts.chooseFile}
            </Button>
          )}
        </FileButton>
        <Text size="sm" c={file === null ? "dimmed" : undefined}>
          {file === null ? texts.dropFile : file.name}
        </Text>
      </Group>
    </Paper>
  );
}
