import { Anchor, Box, Button, Group, Text, Title } from "@mantine/core";
import { lazy, Suspense, useState } from "react";
import { Link } from "react-router";

import type { Task } from "../../api/types";
import { Loading } from "../../components/Loading";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { useTaskLink } from "../task/useOpenTask";
import { describeRule } from "./rrule";
import { texts } from "./texts";

const RuleEditor = lazy(() => import("./RuleEditor"));

/** How a task repeats, and the next task of its series once there is one. */
export function Recurrence({ task, isEditable }: { task: Task; isEditable: boolean }) {
  const zone = useTimeZone();
  const linkTo = useTaskLink();
  const [isEditing, setEditing] = useState(false);
  const { due_date: due } = task;
  return (
    <Box component="section" aria-label={m.fields.rrule}>
      <Group justify="space-between" mb={6}>
        <Title order={3} size="sm">
          {m.fields.rrule}
        </Title>
        {isEditable && due !== null && !isEditing && (
          <Button variant="subtle" size="compact-xs" onClick={() => setEditing(true)}>
            {texts.edit}
          </Button>
        )}
      </Group>
      {isEditing && due !== null ? (
        <Suspense fallback={<Loading />}>
          <RuleEditor task={task} due={due} onClose={() => setEditing(false)} />
        </Suspense>
      ) : (
        <Text size="sm" c={task.rrule === null ? "dimmed" : undefined}>
          {task.rrule === null
            ? due === null
              ? texts.needsDueDate
              : texts.none
            : describeRule(task.rrule, zone)}
          {task.repeat_from === "completed_at" && ` · ${texts.from.completed_at}`}
        </Text>
      )}
      {task.next_task !== null && (
        <Anchor component={Link} to={linkTo(task.next_task)} size="sm">
          {texts.nextTask}
        </Anchor>
      )}
    </Box>
  );
}
