/** What the client reads and changes of comments. */
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { isProblem, unwrap } from "../../api/problems";
import type { Comment, Task } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { openTasksKey, patchCachedTask } from "../task/queries";

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

export function useCreateComment(task: Task) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: string) =>
      unwrap(
        api.POST("/api/tasks/{task_id}/comments", {
          params: { path: { task_id: task.id }, header: idempotencyKey() },
          body: { body },
        }),
      ),
    onSuccess: async () => {
      patchCachedTask(queries, task.id, { comments_count: task.comments_count + 1 });
      await queries.invalidateQueries({ queryKey: commentsKey(task.id) });
    },
    onError: notifyProblem,
  });
}

const pathOf = ({ task, id }: Comment) => ({ task_id: task, comment_id: id });

/** Reads a comment as it is now. */
export function readComment(comment: Comment): Promise<Comment> {
  return unwrap(
    api.GET("/api/tasks/{task_id}/comments/{comment_id}", { params: { path: pathOf(comment) } }),
  );
}

/** Changes a comment that has not changed since the person saw it; else the failure is a 412. */
export function useEditComment() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ seen, body }: { seen: Comment; body: string }) =>
      unwrap(
        api.PATCH("/api/tasks/{task_id}/comments/{comment_id}", {
          params: { path: pathOf(seen), header: ifMatch(seen.version) },
          body: { body },
        }),
      ),
    onSuccess: ({ task }) => queries.invalidateQueries({ queryKey: commentsKey(task) }),
    onError: (error) => {
      if (!isProblem(error, "precondition_failed")) {
        notifyProblem(error);
      }
    },
  });
}

export function useDeleteComment(comment: Comment) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/tasks/{task_id}/comments/{comment_id}", {
          params: { path: pathOf(comment), header: ifMatch(comment.version) },
        }),
      ),
    onError: notifyProblem,
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: commentsKey(comment.task) });
      await queries.invalidateQueries({ queryKey: openTasksKey });
    },
  });
}
