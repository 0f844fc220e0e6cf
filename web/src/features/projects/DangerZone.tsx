import { Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useNavigate } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { ProjectDetails } from "../../api/types";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { isManager, projectsKey } from "./queries";
import { texts as copiesTexts } from "../copies/texts";

const DuplicateProjectDialog = lazy(() => import("../copies/DuplicateProjectDialog"));
const TransferDialog = lazy(() => import("./TransferDialog"));

/** Duplicates, archives, transfers, leaves or deletes the project. */
export function DangerZone({ project }: { project: ProjectDetails }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [dialog, setDialog] = useState<"duplicate" | "transfer" | null>(null);
  const params = { path: { project_id: project.id } };
  const isArchived = project.archived_at !== null;
  const refresh = () => queries.invalidateQueries({ queryKey: projectsKey });
  const leave = async (message: string) => {
    notifySuccess(message);
    await navigate("/");
    await refresh();
  };
  const archive = useMutation({
    mutationFn: () =>
      isArchived
        ? unwrap(api.POST("/api/projects/{project_id}/unarchive", { params }))
        : unwrap(api.POST("/api/projects/{project_id}/archive", { params })),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/projects/{project_id}", { params })),
    onSuccess: () => leave(m.projects.movedToTrash),
    onError: notifyProblem,
  });
  const quit = useMutation({
    mutationFn: () => unwrap(api.POST("/api/projects/{project_id}/leave", { params })),
    onSuccess: () => leave(m.projects.left),
    onError: notifyProblem,
  });
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h5">
        {m.projects.danger}
      </Title>
      <DangerRow
        text={copiesTexts.duplicateProjectText}
        button={copiesTexts.duplicate}
        onClick={() => setDialog("duplicate")}
      />
      {isManager(project.my_role) && (
        <DangerRow
          text={isArchived ? m.projects.unarchiveText : m.projects.archiveText}
          button={isArchived ? m.projects.unarchive : m.projects.archive}
          onClick={() => archive.mutate()}
        />
      )}
      {project.my_role === "owner" && (
        <DangerRow
          text={m.projects.transferText}
          button={m.projects.transferButton}
          onClick={() => setDialog("transfer")}
        />
      )}
      {project.my_role === "owner" ? (
        <DangerRow
          text={m.projects.deleteText}
          button={m.projects.delete}
          onClick={() => remove.mutate()}
          color="red"
        />
      ) : (
        <DangerRow
          text={m.projects.leaveText}
          button={m.projects.leave}
          onClick={() => quit.mutate()}
          color="red"
        />
      )}
      <Suspense>
        {dialog === "duplicate" && (
          <DuplicateProjectDialog project={project} onClose={() => setDialog(null)} />
        )}
        {dialog === "transfer" && (
          <TransferDialog project={project} onClose={() => setDialog(null)} />
        )}
      </Suspense>
    </Stack>
  );
}

interface DangerRowProps {
  text: string;
  button: string;
  onClick: () => void;
  color?: string;
}

function DangerRow({ text, button, onClick, color = "gray" }: DangerRowProps) {
  return (
    <Paper withBorder p="sm">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm">{text}</Text>
        <Button variant="light" size="xs" color={color} onClick={onClick} flex="none">
          {button}
        </Button>
      </Group>
    </Paper>
  );
}
