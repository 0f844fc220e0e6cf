import { ActionIcon, Group, Stack, Text, Title } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { AddOnDemand } from "../../components/AddOnDemand";
import { LabelBadge } from "../../components/LabelBadge";
import { notifyProblem } from "../../components/notify";
import { m } from "../../i18n";
import { labelsKey, useLabels } from "./queries";

const NewLabel = lazy(() => import("./NewLabel"));

/** The labels of the project. */
export function LabelSettings({
  projectId,
  isEditable,
}: {
  projectId: string;
  isEditable: boolean;
}) {
  const { data: labels } = useLabels(projectId);
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: labelsKey(projectId) });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/projects/{project_id}/labels/{label_id}", {
          params: { path: { project_id: projectId, label_id: id } },
        }),
      ),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h5">
        {m.fields.labels}
      </Title>
      {labels?.length === 0 && (
        <Text size="sm" c="dimmed">
          {m.labels.none}
        </Text>
      )}
      <Group gap="xs">
        {labels?.map((label) => (
          <Group key={label.id} gap={2}>
            <LabelBadge label={label} />
            {isEditable && (
              <ActionIcon
                variant="subtle"
                color="gray"
                size="xs"
                aria-label={m.labels.delete(label.name)}
                onClick={() => remove.mutate(label.id)}
              >
                <IconTrash size={12} />
              </ActionIcon>
            )}
          </Group>
        ))}
      </Group>
      {isEditable && (
        <Group>
          <AddOnDemand label={m.labels.add}>
            <NewLabel projectId={projectId} onCreated={() => void refresh()} />
          </AddOnDemand>
        </Group>
      )}
    </Stack>
  );
}
