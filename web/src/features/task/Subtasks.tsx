import { Anchor, Box, Checkbox, Group, Text, Title } from "@mantine/core";
import { Link } from "react-router";

import type { Task, TaskCard } from "../../api/types";
import { m } from "../../i18n";
import { useChangeTask } from "./mutations";
import { QuickCreate } from "./QuickCreate";
import { useTaskList } from "./queries";
import { useTaskLink } from "./useOpenTask";

/** The subtasks of a task, to complete, to open and to add. */
export function Subtasks({ task, isEditable }: { task: Task; isEditable: boolean }) {
  const { data } = useTaskList({
    project: [task.project],
    parent: task.id,
    ordering: "created_at",
  });
  const subtasks = data?.pages.flatMap((page) => page.items) ?? [];
  if (subtasks.length === 0 && !isEditable) {
    return null;
  }
  return (
    <Box component="section">
      <Title order={3} size="sm" mb={6}>
        {m.task.subtasks}
      </Title>
      {subtasks.map((subtask) => (
        <SubtaskRow key={subtask.id} subtask={subtask} isEditable={isEditable} />
      ))}
      {isEditable && <QuickCreate projectId={task.project} parent={task.id} />}
    </Box>
  );
}

function SubtaskRow({ subtask, isEditable }: { subtask: TaskCard; isEditable: boolean }) {
  const change = useChangeTask();
  const linkTo = useTaskLink();
  const isDone = subtask.status === "done";
  return (
    <Group gap="xs" py={3} wrap="nowrap">
      <Checkbox
        size="xs"
        checked={isDone}
        disabled={!isEditable}
        aria-label={m.task.complete(subtask.title)}
        onChange={() =>
          change.mutate({ task: subtask, patch: { status: isDone ? "todo" : "done" } })
        }
      />
      <Anchor
        component={Link}
        to={linkTo(subtask.id)}
        size="sm"
        c="inherit"
        td={isDone ? "line-through" : undefined}
      >
        {subtask.title}
      </Anchor>
      <Text size="xs" c="dimmed">
        {subtask.key}
      </Text>
    </Group>
  );
}
