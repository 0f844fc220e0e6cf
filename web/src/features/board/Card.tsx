import { Badge, Box, Group, Text } from "@mantine/core";
import { IconCalendar, IconListCheck, IconMessage, IconPaperclip } from "@tabler/icons-react";
import type { ReactNode } from "react";

import type { ProjectDetails, TaskCard } from "../../api/types";
import { HighPriorityFlag } from "../../components/HighPriorityFlag";
import { LabelBadge } from "../../components/LabelBadge";
import { formatDay, isPast } from "../../components/dates";
import { PersonAvatar } from "../../components/PersonAvatar";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { getName, useLabels } from "../projects/queries";
import classes from "./Board.module.css";

interface Props {
  task: TaskCard;
  project: ProjectDetails;
  isLifted?: boolean;
}

/** What the board shows of a task. */
export function Card({ task, project, isLifted = false }: Props) {
  const { data: labels } = useLabels(project.id);
  const zone = useTimeZone();
  const assignee = project.members.find(({ user_id }) => user_id === task.assigned_to);
  const ownLabels = labels?.filter(({ id }) => task.labels.includes(id)) ?? [];
  const isLate =
    task.due_date !== null && task.status !== "done" && isPast(task.due_date, new Date(), zone);
  return (
    <div className={classes.card} data-lifted={isLifted || undefined}>
      {ownLabels.length > 0 && (
        <Group gap={4} mb={6}>
          {ownLabels.map((label) => (
            <LabelBadge key={label.id} label={label} />
          ))}
        </Group>
      )}
      <Text size="sm" fw={500} lineClamp={3} className={classes.title}>
        {task.title}
      </Text>
      <Group justify="space-between" align="flex-end" mt={8} gap={6} wrap="nowrap">
        <Group gap={8} c="dimmed" className={classes.facts}>
          <Text size="xs" c="dimmed">
            {task.key}
          </Text>
          {task.priority === "high" && <HighPriorityFlag />}
          {task.due_date !== null && (
            <Badge
              size="sm"
              radius="sm"
              variant={isLate ? "light" : "transparent"}
              color={isLate ? "red" : "gray"}
              leftSection={<IconCalendar size={12} aria-hidden />}
              px={isLate ? 6 : 0}
              className={classes.due}
              fw={500}
            >
              {formatDay(task.due_date, zone)}
            </Badge>
          )}
          <Count
            icon={<IconListCheck size={14} />}
            count={task.subtasks_count}
            name={m.task.subtasks}
          />
          <Count
            icon={<IconMessage size={14} />}
            count={task.comments_count}
            name={m.task.comments}
          />
          <Count
            icon={<IconPaperclip size={14} />}
            count={task.attachments_count}
            name={m.task.attachments}
          />
        </Group>
        {assignee && (
          <Box title={getName(assignee)} lh={0}>
            <PersonAvatar name={getName(assignee)} size={22} />
            <span className={classes.hidden}>{getName(assignee)}</span>
          </Box>
        )}
      </Group>
    </div>
  );
}

function Count({ icon, count, name }: { icon: ReactNode; count: number; name: string }) {
  return count === 0 ? null : (
    <Group gap={2} wrap="nowrap" title={name}>
      {icon}
      <Text size="xs">
        <span className={classes.hidden}>{name}: </span>
        {count}
      </Text>
    </Group>
  );
}
