/** What the client reads and changes of comments. */
import { useInfiniteQuery, useMutationState } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { keepChange, keptKey } from "../../api/keptChanges";
import { isProblem, unwrap } from "../../api/problems";
import { queryClient } from "../../api/queries";
import type { Comment } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { returnDraft, storeDraft } from "../../components/useDraft";
import { openTasksKey } from "../task/queries";

const commentsKey = (taskId: string) => ["comments", taskId] as const;
const html = { render: "html" as const };

/** Reads the comments of a task, the newest first. */
export function useComments(taskId: string) {
  return useInfiniteQuery({
    queryKey: commentsKey(taskId),
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/tasks/{task_id}/comments", {
          params: {
            path: { task_id: taskId },
            query: { ...html, ordering: "-created_at", cursor: pageParam },
          },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export interface NewComment {
  taskId: string;
  body: string;
  key: string;
}

/** The name of the draft of a new comment. */
export const newCommentDraft = (taskId: string) => `comment-${taskId}`;

const CREATE = "create-comment";

export const useCreateComment = keepChange<Comment, NewComment>(CREATE, {
  mutationFn: ({ taskId, body, key }) =>
    unwrap(
      api.POST("/api/tasks/{task_id}/comments", {
        params: { path: { task_id: taskId }, header: idempotencyKey(key) },
        body: { body },
      }),
    ),
  onSuccess: async (_, { taskId }) => {
    void queryClient.invalidateQueries({ queryKey: openTasksKey });
    // The unsent comment is shown until then.
    await queryClient.invalidateQueries({ queryKey: commentsKey(taskId) });
  },
  onError: (error, { taskId, body }) => {
    returnDraft(newCommentDraft(taskId), body);
    notifyProblem(error);
  },
});

/** Returns the new comments that are on their way. */
export function useUnsentComments(taskId: string): NewComment[] {
  return useMutationState({
    filters: { mutationKey: keptKey(CREATE), status: "pending" },
    select: ({ state }) => state.variables as NewComment,
  }).filter((comment) => comment.taskId === taskId);
}

const pathOf = ({ task, id }: Pick<Comment, "task" | "id">) => ({ task_id: task, comment_id: id });

/** Reads a comment as it is now. */
export function readComment(comment: Comment): Promise<Comment> {
  return unwrap(
    api.GET("/api/tasks/{task_id}/comments/{comment_id}", { params: { path: pathOf(comment) } }),
  );
}

/** The name of the draft of a comment that is being edited. */
export const editDraft = ({ id }: Pick<Comment, "id">) => `edit-comment-${id}`;

/** Changes a comment that has not changed since the person saw it; else the failure is a 412. */
export const useEditComment = keepChange<Comment, { seen: Comment; body: string }>("edit-comment", {
  mutationFn: ({ seen, body }) =>
    unwrap(
      api.PATCH("/api/tasks/{task_id}/comments/{comment_id}", {
        params: { path: pathOf(seen), header: ifMatch(seen.version) },
        body: { body },
      }),
    ),
  onSuccess: async ({ task }, { seen }) => {
    storeDraft(editDraft(seen), null);
    await queryClient.invalidateQueries({ queryKey: commentsKey(task) });
  },
  onError: (error) => {
    if (!isProblem(error, "precondition_failed")) {
      notifyProblem(error);
    }
  },
});

export const useDeleteComment = keepChange<unknown, Pick<Comment, "task" | "id" | "version">>(
  "delete-comment",
  {
    mutationFn: (comment) =>
      unwrap(
        api.DELETE("/api/tasks/{task_id}/comments/{comment_id}", {
          params: { path: pathOf(comment), header: ifMatch(comment.version) },
        }),
      ),
    onError: notifyProblem,
    onSettled: async (_data, _error, { task }) => {
      await queryClient.invalidateQueries({ queryKey: commentsKey(task) });
      await queryClient.invalidateQueries({ queryKey: openTasksKey });
    },
  },
);
