import { Textarea, Title, VisuallyHidden } from "@mantine/core";

import type { Task, TaskPatch } from "../../api/types";
import { m } from "../../i18n";
import type { SeenTask } from "./conflicts";
import { useTaskEdit } from "./useTaskEdit";

function toPatch(text: string, seen: SeenTask): TaskPatch | null {
  const title = text.trim();
  return title === "" || title === seen.title ? null : { title };
}

/** The title of a task, which is saved when the person leaves the field. */
export function TitleField({ task, isEditable }: { task: Task; isEditable: boolean }) {
  const edit = useTaskEdit(task, "title", toPatch);
  if (!isEditable) {
    return (
      <Title order={2} size="h3">
        {task.title}
      </Title>
    );
  }
  return (
    <>
      <VisuallyHidden component="h2">{task.title}</VisuallyHidden>
      <Textarea
        variant="unstyled"
        autosize
        minRows={1}
        maxLength={200}
        aria-label={m.fields.title}
        styles={{ input: { fontSize: 22, fontWeight: 650, lineHeight: 1.3 } }}
        value={edit.text ?? task.title}
        onChange={(event) => edit.change(event.currentTarget.value.replaceAll("\n", " "))}
        onKeyDown={(event) => {
          if (event.key === "Enter") {
            event.preventDefault();
            event.currentTarget.blur();
          }
        }}
        onBlur={edit.save}
      />
    </>
  );
}
