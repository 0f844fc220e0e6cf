import { Box, Button, Group, Text } from "@mantine/core";
import { useState } from "react";

import type { Comment, ProjectDetails } from "../../api/types";
import { formatAge, formatTime } from "../../components/dates";
import { PersonAvatar } from "../../components/PersonAvatar";
import { PlainText } from "../../components/PlainText";
import { useStoredDraft } from "../../components/useDraft";
import { m } from "../../i18n";
import { useAccount, useTimeZone } from "../account/useAccount";
import { MarkdownText } from "../markdown/MarkdownText";
import { getName, isManager } from "../projects/queries";
import { EditComment } from "./EditComment";
import { editDraft, useDeleteComment } from "./queries";

interface Props {
  comment: Comment;
  project: ProjectDetails;
  isEditable: boolean;
}

/** A comment, which its author can edit, and the author and managers can delete. */
export function CommentItem({ comment, project, isEditable }: Props) {
  const { data: account } = useAccount();
  const zone = useTimeZone();
  const remove = useDeleteComment();
  const [isOpen, setOpen] = useState(false);
  const isEditing = useStoredDraft(editDraft(comment)) !== null || isOpen;
  const author = project.members.find(({ user_id }) => user_id === comment.author);
  const name = author ? getName(author) : m.people.formerMember;
  const isOwn = isEditable && comment.author === account?.id;
  const button = { variant: "subtle", color: "gray", size: "compact-xs" } as const;
  return (
    <Group align="flex-start" wrap="nowrap" gap="sm" component="article">
      <PersonAvatar name={name} size={28} />
      <Box flex={1} miw={0}>
        <Group gap={8}>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Text size="xs" c="dimmed" title={formatTime(comment.created_at, zone)}>
            {formatAge(comment.created_at)}
            {comment.edited_at !== null && ` · ${m.task.edited}`}
          </Text>
          <Group gap={0} ml="auto">
            {isOwn && !isEditing && (
              <Button {...button} onClick={() => setOpen(true)}>
                {m.common.edit}
              </Button>
            )}
            {(isOwn || (isEditable && isManager(project.my_role))) && (
              <Button {...button} onClick={() => remove.mutate(comment)}>
                {m.common.delete}
              </Button>
            )}
          </Group>
        </Group>
        {isOwn && isEditing ? (
          <EditComment comment={comment} members={project.members} onClose={() => setOpen(false)} />
        ) : comment.html === undefined ? (
          <PlainText text={comment.body} />
        ) : (
          <MarkdownText html={comment.html} taskId={comment.task} />
        )}
      </Box>
    </Group>
  );
}
