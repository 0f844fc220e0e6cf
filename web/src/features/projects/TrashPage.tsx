import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { readAllPages } from "../../api/queries";
import { formatDay } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { useCurrentProject } from "./ProjectLayout";
import { canWrite } from "./queries";

/** The deleted tasks of the project, to restore. */
export default function TrashPage() {
  const project = useCurrentProject();
  const queries = useQueryClient();
  const zone = useTimeZone();
  const trash = useQuery({
    queryKey: ["tasks", "trash", project.id],
    queryFn: () =>
      readAllPages((cursor) =>
        unwrap(api.GET("/api/trash", { params: { query: { project: project.id, cursor } } })),
      ),
    staleTime: 0,
  });
  const restore = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.POST("/api/tasks/{task_id}/restore", { params: { path: { task_id: id } } })),
    onSuccess: async (task) => {
      notifySuccess(m.trash.taskRestored(task.key));
      await queries.invalidateQueries({ queryKey: ["tasks"] });
    },
    onError: notifyProblem,
  });
  const tasks = trash.data?.filter((item) => item.kind === "task") ?? [];
  return (
    <Stack px={{ base: "md", sm: "xl" }} py="md" maw={860} gap="xs">
      <Text size="sm" c="dimmed">
        {m.trash.intro}
      </Text>
      {trash.isPending && <Loading />}
      {trash.isSuccess && tasks.length === 0 && <Text>{m.trash.empty}</Text>}
      {tasks.map((task) => (
        <Paper key={task.id} withBorder p="sm">
          <Group justify="space-between" wrap="nowrap">
            <Text size="sm">
              {task.key} {task.title}{" "}
              <Text span c="dimmed" size="sm">
                {m.trash.deletedOn(formatDay(task.deleted_at, zone))}
              </Text>
            </Text>
            {canWrite(project) && (
              <Button size="xs" variant="default" onClick={() => restore.mutate(task.id)}>
                {m.trash.restore}
              </Button>
            )}
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
