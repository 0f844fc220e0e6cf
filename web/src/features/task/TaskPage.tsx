import { Anchor, Box, Paper, VisuallyHidden } from "@mantine/core";
import { Link, useNavigate, useParams } from "react-router";

import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { LazyLiveChanges } from "../live/LazyLiveChanges";
import { useProject } from "../projects/queries";
import { useTask } from "./queries";
import TaskDetails from "./TaskDetails";

/** A task on a page of its own, to which mails link. */
export default function TaskPage() {
  const { taskId = "" } = useParams();
  const navigate = useNavigate();
  const { data: task } = useTask(taskId);
  usePageTitle(task && `${task.key} ${task.title}`);
  return (
    <Box p={{ base: "md", sm: "xl" }} maw={860}>
      <VisuallyHidden component="h1">
        {task ? `${task.key} ${task.title}` : m.task.panel}
      </VisuallyHidden>
      {task && <LazyLiveChanges projectId={task.project} />}
      {task && <BackToProject projectId={task.project} />}
      <Paper withBorder p={{ base: "md", sm: "xl" }} mt="sm" radius="lg">
        <TaskDetails taskId={taskId} onDeleted={() => void navigate("/tasks")} />
      </Paper>
    </Box>
  );
}

function BackToProject({ projectId }: { projectId: string }) {
  const { data: project } = useProject(projectId);
  return (
    <Anchor component={Link} to={`/projects/${projectId}/board`} size="sm">
      {m.task.backTo(project?.name ?? "…")}
    </Anchor>
  );
}
