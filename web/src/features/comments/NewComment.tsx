import { Button } from "@mantine/core";

import type { Member, Task } from "../../api/types";
import { useDraft } from "../../components/useDraft";
import { m } from "../../i18n";
import MarkdownEditor from "../markdown/MarkdownEditor";
import { newCommentDraft, useCreateComment } from "./queries";

/** The form for a new comment. */
export function NewComment({ task, members }: { task: Task; members: Member[] }) {
  const [text, setText, clear] = useDraft(newCommentDraft(task.id));
  const send = useCreateComment();
  const submit = () => {
    if (text.trim() !== "") {
      send.mutate({ taskId: task.id, body: text, key: crypto.randomUUID() });
      clear();
    }
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <MarkdownEditor
        label={m.task.newComment}
        placeholder={m.task.commentHint}
        value={text}
        onChange={setText}
        taskId={task.id}
        members={members}
        onSubmit={submit}
      />
      {text !== "" && (
        <Button type="submit" size="xs" mt="xs">
          {m.task.sendComment}
        </Button>
      )}
    </form>
  );
}
