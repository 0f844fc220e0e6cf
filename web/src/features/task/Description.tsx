import { Box, Button, Group, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { ProjectDetails, Task } from "../../api/types";
import { Loading } from "../../components/Loading";
import { PlainText } from "../../components/PlainText";
import { useDraft, useStoredDraft } from "../../components/useDraft";
import { m } from "../../i18n";
import { MarkdownText } from "../markdown/MarkdownText";
import { descriptionDraft, useChangeTask } from "./mutations";

const MarkdownEditor = lazy(() => import("../markdown/MarkdownEditor"));

interface Props {
  task: Task;
  project: ProjectDetails;
  isEditable: boolean;
}

/** The description of a task. What is typed is kept until it is saved or cancelled. */
export function Description({ task, project, isEditable }: Props) {
  const [text, setText, clear] = useDraft(descriptionDraft(task.id), task.description);
  const hasDraft = useStoredDraft(descriptionDraft(task.id)) !== null;
  // The task as it was when the person began to edit.
  const [begun, setBegun] = useState(hasDraft ? task : null);
  const seen = begun ?? (hasDraft ? task : null);
  const change = useChangeTask();

  function cancel() {
    clear();
    setBegun(null);
  }

  function save() {
    if (seen) {
      change.mutate({ task: seen, patch: { description: text } });
      cancel();
    }
  }

  return (
    <Box component="section">
      <Group justify="space-between" mb={6}>
        <Title order={3} size="sm">
          {m.fields.description}
        </Title>
        {isEditable && !seen && (
          <Button
            variant="subtle"
            size="compact-xs"
            onClick={() => {
              setText(task.description);
              setBegun(task);
            }}
          >
            {m.common.edit}
          </Button>
        )}
      </Group>
      {seen ? (
        <Suspense fallback={<Loading />}>
          <MarkdownEditor
            label={m.fields.description}
            value={text}
            onChange={setText}
            taskId={task.id}
            members={project.members}
            minRows={4}
            onSubmit={save}
          />
          <Group mt="xs" gap="xs">
            <Button size="xs" onClick={save}>
              {m.common.save}
            </Button>
            <Button size="xs" variant="default" onClick={cancel}>
              {m.common.cancel}
            </Button>
          </Group>
        </Suspense>
      ) : task.description === "" ? (
        <Text c="dimmed" size="sm">
          {m.task.noDescription}
        </Text>
      ) : task.description_html === undefined ? (
        <PlainText text={task.description} />
      ) : (
        <MarkdownText html={task.description_html} taskId={task.id} />
      )}
    </Box>
  );
}
