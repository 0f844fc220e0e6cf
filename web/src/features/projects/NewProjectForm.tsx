import { Button, Group, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { NewProject } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { useDuplicateProject } from "../copies/duplicateProject";
import { projectsKey, useProjects } from "./queries";
import { texts as copiesTexts } from "../copies/texts";

/** Creates a project: an empty one, or a copy of a template. */
export function NewProjectForm({ onClose }: { onClose: () => void }) {
  const { data: projects } = useProjects();
  const templates = projects?.filter(({ is_template }) => is_template) ?? [];
  const [template, setTemplate] = useState<string | null>(null);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (body: NewProject) =>
      unwrap(api.POST("/api/projects", { params: { header: idempotencyKey() }, body })),
    onSuccess: async ({ id }) => {
      await open(id);
      await queries.invalidateQueries({ queryKey: projectsKey });
    },
  });
  const copy = useDuplicateProject();
  const error = template === null ? create.error : copy.error;
  const initial = { name: "", description: "", key: "", start_date: "" };
  const { values, bind, reset } = useFields(initial, error, "new-project");

  function cancel() {
    reset();
    onClose();
  }

  async function open(id: string) {
    cancel();
    await navigate(`/projects/${id}/board`);
  }

  function submit() {
    const { name, description, start_date } = values;
    const key = values.key.toUpperCase() || null;
    if (template === null) {
      create.mutate({ name, description, key });
    } else {
      copy.mutate(
        { source: template, body: { name, key, start_date: start_date || null } },
        { onSuccess: (id) => void open(id) },
      );
    }
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack>
        <ProblemAlert error={error} fields={Object.keys(initial)} />
        <TextInput
          data-autofocus
          label={m.projects.name}
          required
          maxLength={200}
          {...bind("name")}
        />
        <TextInput
          label={m.projects.key}
          description={m.projects.keyHint}
          maxLength={10}
          {...bind("key")}
        />
        {templates.length > 0 && (
          <Select
            label={copiesTexts.template}
            placeholder={copiesTexts.noTemplate}
            clearable
            data={templates.map(({ id, name }) => ({ value: id, label: name }))}
            value={template}
            onChange={setTemplate}
          />
        )}
        {template === null ? (
          <Textarea label={m.projects.description} autosize minRows={2} {...bind("description")} />
        ) : (
          <TextInput
            type="date"
            label={copiesTexts.startDate}
            description={copiesTexts.startDateHint}
            {...bind("start_date")}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={cancel}>
            {m.common.cancel}
          </Button>
          <Button type="submit" loading={create.isPending || copy.isPending}>
            {m.common.create}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
