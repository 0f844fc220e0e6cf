import { Box, Stack, Text } from "@mantine/core";

import type { ProjectDetails, Task } from "../../api/types";
import { MoreButton } from "../../components/MoreButton";
import { m } from "../../i18n";
import { PlainText } from "../../components/PlainText";
import { CommentItem } from "./CommentItem";
import { NewComment } from "./NewComment";
import { useComments, useUnsentComments } from "./queries";

interface Props {
  task: Task;
  project: ProjectDetails;
  isEditable: boolean;
}

/** The comments of a task, the newest first, and the form for a new one. */
export function Comments({ task, project, isEditable }: Props) {
  const comments = useComments(task.id);
  const unsent = useUnsentComments(task.id);
  const all = comments.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack>
      {isEditable && <NewComment task={task} members={project.members} />}
      {unsent.map(({ key, body }) => (
        <Box key={key} component="article">
          <Text size="xs" c="dimmed">
            {m.task.sending}
          </Text>
          <PlainText text={body} />
        </Box>
      ))}
      {all.length + unsent.length === 0 && comments.isSuccess && (
        <Text size="sm" c="dimmed">
          {m.task.noComments}
        </Text>
      )}
      {all.map((comment) => (
        <CommentItem key={comment.id} comment={comment} project={project} isEditable={isEditable} />
      ))}
      <MoreButton list={comments} size="xs" />
    </Stack>
  );
}
