import { Button, Group, Modal } from "@mantine/core";
import { useState } from "react";

import { isProblem } from "../../api/problems";
import type { Comment, Member } from "../../api/types";
import { ConflictChoice } from "../../components/ConflictChoice";
import { useDraft } from "../../components/useDraft";
import { m } from "../../i18n";
import MarkdownEditor from "../markdown/MarkdownEditor";
import { editDraft, readComment, useEditComment } from "./queries";

interface Props {
  comment: Comment;
  members: Member[];
  onClose: () => void;
}

/** Edits a comment. A conflict with another change asks which text to keep. */
export function EditComment({ comment, members, onClose }: Props) {
  const [text, setText, clear] = useDraft(editDraft(comment), comment.body);
  // The comment as it was when the person began to edit.
  const [seen] = useState(comment);
  const [current, setCurrent] = useState<Comment | null>(null);
  const edit = useEditComment();

  function close() {
    clear();
    onClose();
  }

  function save(version: Comment) {
    if (text.trim() === "") {
      return;
    }
    setCurrent(null);
    edit.mutate(
      { seen: version, body: text },
      {
        onSuccess: close,
        onError: (error) => {
          if (isProblem(error, "precondition_failed")) {
            void readComment(comment).then(setCurrent);
          }
        },
      },
    );
  }

  return (
    <>
      <MarkdownEditor
        label={m.task.editComment}
        value={text}
        onChange={setText}
        taskId={comment.task}
        members={members}
        onSubmit={() => save(seen)}
      />
      <Group mt="xs" gap="xs">
        <Button size="xs" loading={edit.isPending && !edit.isPaused} onClick={() => save(seen)}>
          {m.common.save}
        </Button>
        <Button size="xs" variant="default" onClick={close}>
          {m.common.cancel}
        </Button>
      </Group>
      <Modal
        opened={current !== null}
        onClose={() => setCurrent(null)}
        title={m.conflict.title}
        size="lg"
      >
        {current && (
          <ConflictChoice
            intro={m.conflict.commentIntro}
            rows={[{ name: m.task.comment, mine: text, theirs: current.body }]}
            onKeepMine={() => save(current)}
            onKeepTheirs={close}
          />
        )}
      </Modal>
    </>
  );
}
