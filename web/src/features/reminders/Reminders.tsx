import { ActionIcon, Box, Group, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";

import { lazy } from "react";

import type { Reminder, Task } from "../../api/types";
import { AddOnDemand } from "../../components/AddOnDemand";
import { formatTime } from "../../components/dates";
import { useTimeZone } from "../account/useAccount";
import { formatLead } from "./durations";
import { useChangeReminders, useReminders } from "./queries";
import { texts } from "./texts";

const NewReminder = lazy(() => import("./NewReminder"));

/** The times at which the assignee is reminded of a task. */
export function Reminders({ task, isEditable }: { task: Task; isEditable: boolean }) {
  const { data } = useReminders(task.id);
  const change = useChangeReminders(task.id);
  const zone = useTimeZone();
  const reminders = data?.reminders ?? [];
  const describe = ({ at, minutes_before }: Reminder) =>
    at === undefined ? formatLead(minutes_before ?? 0) : formatTime(at, zone);
  const remove = (text: string) =>
    change.mutate((before) => before.filter((reminder) => describe(reminder) !== text));
  const isWaiting =
    task.due_date === null && reminders.some(({ minutes_before }) => minutes_before !== undefined);
  return (
    <Box component="section" aria-label={texts.title}>
      <Title order={3} size="sm" mb={6}>
        {texts.title}
      </Title>
      {reminders.length === 0 && !isEditable && (
        <Text size="sm" c="dimmed">
          {texts.none}
        </Text>
      )}
      {reminders.map(describe).map((text) => (
        <Group key={text} gap="xs" py={2} wrap="nowrap">
          <Text size="sm">{text}</Text>
          {isEditable && (
            <ActionIcon
              variant="subtle"
              color="gray"
              size="sm"
              aria-label={texts.remove(text)}
              onClick={() => remove(text)}
            >
              <IconX size={14} />
            </ActionIcon>
          )}
        </Group>
      ))}
      {isWaiting && (
        <Text size="xs" c="dimmed">
          {texts.without}
        </Text>
      )}
      {isEditable && (
        <AddOnDemand label={texts.add}>
          <NewReminder
            isPending={change.isPending && !change.isPaused}
            onAdd={(reminder, onDone) =>
              change.mutate((before) => [...before, reminder], { onSuccess: onDone })
            }
          />
        </AddOnDemand>
      )}
    </Box>
  );
}
