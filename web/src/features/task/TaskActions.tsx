import { Button, Group } from "@mantine/core";
import { IconEye, IconEyeOff, IconLink, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Task } from "../../api/types";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { useAccount } from "../account/useAccount";
import { CopyButtons } from "../copies/CopyButtons";
import { useDeleteTask } from "./mutations";

interface Props {
  task: Task;
  isEditable: boolean;
  onDeleted: () => void;
}

/** What can be done with the whole task. */
export function TaskActions({ task, isEditable, onDeleted }: Props) {
  const remove = useDeleteTask();
  return (
    <Group gap="xs">
      <WatchButton taskId={task.id} />
      <Button
        variant="default"
        size="xs"
        leftSection={<IconLink size={14} />}
        onClick={() => {
          void navigator.clipboard
            .writeText(`${location.origin}/tasks/${task.id}`)
            .then(() => notifySuccess(m.task.linkCopied));
        }}
      >
        {m.task.copyLink}
      </Button>
      {isEditable && <CopyButtons task={task} />}
      {isEditable && (
        <Button
          variant="default"
          size="xs"
          leftSection={<IconTrash size={14} />}
          loading={remove.isPending}
          onClick={() =>
            remove.mutate(
              { id: task.id },
              {
                onSuccess: () => {
                  notifySuccess(m.task.movedToTrash(task.key));
                  onDeleted();
                },
              },
            )
          }
        >
          {m.common.delete}
        </Button>
      )}
    </Group>
  );
}

function WatchButton({ taskId }: { taskId: string }) {
  const { data: account } = useAccount();
  const queries = useQueryClient();
  const queryKey = ["watchers", taskId];
  const watchers = useQuery({
    queryKey,
    queryFn: () =>
      unwrap(api.GET("/api/tasks/{task_id}/watchers", { params: { path: { task_id: taskId } } })),
  });
  const isWatching = watchers.data?.items.some(({ user_id }) => user_id === account?.id) ?? false;
  const toggle = useMutation({
    mutationFn: () => {
      const params = { path: { task_id: taskId, watcher: "me" } };
      return isWatching
        ? unwrap(api.DELETE("/api/tasks/{task_id}/watchers/{watcher}", { params }))
        : unwrap(api.PUT("/api/tasks/{task_id}/watchers/{watcher}", { params }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey }),
    onError: notifyProblem,
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={isWatching ? <IconEyeOff size={14} /> : <IconEye size={14} />}
      onClick={() => toggle.mutate()}
    >
      {isWatching ? m.task.unwatch : m.task.watch}
    </Button>
  );
}
