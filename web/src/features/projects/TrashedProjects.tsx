import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatDay } from "../../components/dates";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";

/** The person's deleted projects, to restore. */
export function TrashedProjects() {
  const queries = useQueryClient();
  const zone = useTimeZone();
  const trash = useQuery({
    queryKey: ["projects", "trash"],
    queryFn: () => unwrap(api.GET("/api/trash")),
  });
  const restore = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.POST("/api/projects/{project_id}/restore", { params: { path: { project_id: id } } }),
      ),
    onSuccess: async () => {
      notifySuccess(m.trash.restored);
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
    onError: notifyProblem,
  });
  const projects = trash.data?.items.filter((item) => item.kind === "project") ?? [];
  if (projects.length === 0) {
    return null;
  }
  return (
    <Stack gap="xs">
      <Title order={2} size="h4">
        {m.trash.title}
      </Title>
      {projects.map((project) => (
        <Paper key={project.id} withBorder p="sm">
          <Group justify="space-between">
            <Text size="sm">
              {project.name}{" "}
              <Text span c="dimmed" size="sm">
                {m.trash.deletedOn(formatDay(project.deleted_at, zone))}
              </Text>
            </Text>
            <Button size="xs" variant="default" onClick={() => restore.mutate(project.id)}>
              {m.trash.restore}
            </Button>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
