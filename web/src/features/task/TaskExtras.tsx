import { Divider, Tabs, VisuallyHidden } from "@mantine/core";

import type { ProjectDetails, Task } from "../../api/types";
import { m } from "../../i18n";
import { Comments } from "../comments/Comments";
import { Recurrence } from "../recurrence/Recurrence";
import { Relations } from "../relations/Relations";
import { Reminders } from "../reminders/Reminders";
import { Attachments } from "../uploads/Attachments";
import { ActivityLog } from "./ActivityLog";
import { Subtasks } from "./Subtasks";
import { TaskActions } from "./TaskActions";

interface Props {
  task: Task;
  project: ProjectDetails;
  isEditable: boolean;
  onDeleted: () => void;
}

/** What belongs to a task, below its fields: subtasks, files, comments and more. */
export default function TaskExtras({ task, project, isEditable, onDeleted }: Props) {
  return (
    <>
      <Subtasks task={task} isEditable={isEditable} />
      <Relations task={task} isEditable={isEditable} />
      <Recurrence task={task} isEditable={isEditable} />
      <Reminders task={task} isEditable={isEditable} />
      <Attachments taskId={task.id} isEditable={isEditable} />
      <Divider />
      <Tabs defaultValue="comments" keepMounted={false}>
        <VisuallyHidden>
          <h3>{m.task.discussion}</h3>
        </VisuallyHidden>
        <Tabs.List mb="md">
          <Tabs.Tab value="comments">{m.task.commentsTab(task.comments_count)}</Tabs.Tab>
          <Tabs.Tab value="activity">{m.task.activity}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="comments">
          <Comments task={task} project={project} isEditable={isEditable} />
        </Tabs.Panel>
        <Tabs.Panel value="activity">
          <ActivityLog task={task} project={project} />
        </Tabs.Panel>
      </Tabs>
      <TaskActions task={task} isEditable={isEditable} onDeleted={onDeleted} />
    </>
  );
}
