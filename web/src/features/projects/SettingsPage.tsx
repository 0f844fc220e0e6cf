import { Button, Checkbox, Group, Stack, Textarea, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, ifMatch } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { ProjectDetails, ProjectPatch } from "../../api/types";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { DangerZone } from "./DangerZone";
import { LabelSettings } from "./LabelSettings";
import { useCurrentProject } from "./ProjectLayout";
import { canWrite, isManager, projectsKey } from "./queries";

const ProjectAudit = lazy(() => import("../audit/ProjectAudit"));
const WebhookSettings = lazy(() => import("../webhooks/WebhookSettings"));

export default function SettingsPage() {
  const project = useCurrentProject();
  const isEditable = isManager(project.my_role) && project.archived_at === null;
  return (
    <Stack px={{ base: "md", sm: "xl" }} py="md" maw={720} gap="xl">
      {isEditable && <ProjectForm key={project.version} project={project} />}
      <LabelSettings projectId={project.id} isEditable={canWrite(project)} />
      {isManager(project.my_role) && (
        <Suspense>
          <WebhookSettings projectId={project.id} />
        </Suspense>
      )}
      {project.my_role === "owner" && (
        <Suspense>
          <ProjectAudit projectId={project.id} />
        </Suspense>
      )}
      <DangerZone project={project} />
    </Stack>
  );
}

function ProjectForm({ project }: { project: ProjectDetails }) {
  const queries = useQueryClient();
  const save = useMutation({
    mutationFn: (body: ProjectPatch) =>
      unwrap(
        api.PATCH("/api/projects/{project_id}", {
          params: { path: { project_id: project.id }, header: ifMatch(project.version) },
          body,
        }),
      ),
    onSuccess: async () => {
      forget();
      notifySuccess(m.common.saved);
      await queries.invalidateQueries({ queryKey: projectsKey });
    },
  });
  const { name, key, description } = project;
  const [isTemplate, setTemplate] = useState(project.is_template);
  const { values, bind, forget } = useFields(
    { name, key, description },
    save.error,
    `project-${project.id}`,
  );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate({ ...values, key: values.key.toUpperCase(), is_template: isTemplate });
      }}
    >
      <Stack>
        <Title order={2} size="h5">
          {m.projects.details}
        </Title>
        <ProblemAlert error={save.error} fields={["name", "key", "description"]} />
        <TextInput label={m.projects.name} required maxLength={200} {...bind("name")} />
        <TextInput
          label={m.projects.key}
          description={m.projects.keyChange}
          required
          maxLength={10}
          {...bind("key")}
        />
        <Textarea label={m.projects.description} autosize minRows={3} {...bind("description")} />
        <Checkbox
          label={m.projects.isTemplate}
          description={m.projects.templateHint}
          checked={isTemplate}
          onChange={(event) => setTemplate(event.currentTarget.checked)}
        />
        <Group>
          <Button type="submit" loading={save.isPending}>
            {m.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
