import { Box, Stack, Text } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Task } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { canWrite, useProject } from "../projects/queries";
import { Description } from "./Description";
import { useLiveTask } from "../live/useLiveTask";
import { useTask } from "./queries";
import { TaskFields } from "./TaskFields";
import { TitleField } from "./TitleField";

const TaskExtras = lazy(() => import("./TaskExtras"));

interface Props {
  /** The id or the key of the task. */
  taskId: string;
  onDeleted: () => void;
}

/** Everything about a task. */
export default function TaskDetails({ taskId, onDeleted }: Props) {
  const { data: task, error } = useTask(taskId);
  if (task) {
    return <LoadedTask task={task} onDeleted={onDeleted} />;
  }
  return error ? <ProblemAlert error={error} /> : <Loading />;
}

function LoadedTask({ task, onDeleted }: { task: Task; onDeleted: () => void }) {
  const { data: project } = useProject(task.project);
  useLiveTask(task.id);
  const zone = useTimeZone();
  if (!project) {
    return <Loading />;
  }
  const isEditable = canWrite(project);
  return (
    <Stack gap="lg">
      <Box>
        <TitleField task={task} isEditable={isEditable} />
        <Text size="xs" c="dimmed">
          {m.task.createdOn(task.key, formatTime(task.created_at, zone))}
        </Text>
      </Box>
      <TaskFields task={task} project={project} isEditable={isEditable} />
      <Description task={task} project={project} isEditable={isEditable} />
      <Suspense fallback={<Loading />}>
        <TaskExtras task={task} project={project} isEditable={isEditable} onDeleted={onDeleted} />
      </Suspense>
    </Stack>
  );
}
