import { Button, Text, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useCallback, useState } from "react";

import type { TaskStatus } from "../../api/types";
import { useDraft } from "../../components/useDraft";
import { m } from "../../i18n";
import { newTaskDraft, useCreateTask, useUnsentTasks } from "./mutations";

interface Props {
  projectId: string;
  status?: TaskStatus;
  parent?: string;
}

/** Creates a task from its title; the field stays open for the next one. */
export function QuickCreate({ projectId, status, parent }: Props) {
  const fields = { ...(status && { status }), ...(parent && { parent }) };
  const unsent = useUnsentTasks(projectId, fields);
  return (
    <>
      {unsent.map(({ key, title }) => (
        <Text key={key} size="sm" c="dimmed" mt={6} px="xs" style={{ overflowWrap: "anywhere" }}>
          {title} ({m.task.sending})
        </Text>
      ))}
      <TitleForm projectId={projectId} fields={fields} />
    </>
  );
}

interface FormProps {
  projectId: string;
  fields: Pick<Props, "status" | "parent">;
}

function TitleForm({ projectId, fields }: FormProps) {
  const [title, setTitle, clear] = useDraft(newTaskDraft(projectId, fields));
  const [isOpen, setOpen] = useState(title !== "");
  const create = useCreateTask();
  const focus = useCallback((input: HTMLInputElement | null) => input?.focus(), []);
  if (!isOpen) {
    return (
      <Button
        variant="subtle"
        color="gray"
        size="xs"
        mt={6}
        justify="flex-start"
        leftSection={<IconPlus size={14} />}
        onClick={() => setOpen(true)}
      >
        {fields.parent ? m.task.addSubtask : m.task.add}
      </Button>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (title.trim() !== "") {
          create.mutate({ project: projectId, title, fields, key: crypto.randomUUID() });
          clear();
        }
      }}
    >
      <TextInput
        mt={6}
        size="sm"
        ref={focus}
        aria-label={m.task.newTitle}
        placeholder={m.task.newTitle}
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            clear();
            setOpen(false);
          }
        }}
        onBlur={() => setOpen(title !== "")}
      />
    </form>
  );
}
