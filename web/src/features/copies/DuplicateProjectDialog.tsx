import { Button, Checkbox, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import type { ProjectDetails } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { useDuplicateProject } from "./duplicateProject";
import { texts } from "./texts";

interface Props {
  project: ProjectDetails;
  onClose: () => void;
}

/** Copies a project, and opens the copy. */
export default function DuplicateProjectDialog({ project, onClose }: Props) {
  const navigate = useNavigate();
  const [hasDone, setDone] = useState(false);
  const [hasMembers, setMembers] = useState(false);
  const duplicate = useDuplicateProject();
  const { values, bind } = useFields(
    { name: texts.nameOf(project.name), start_date: "" },
    duplicate.error,
  );

  function submit() {
    const body = {
      name: values.name,
      done_tasks: hasDone,
      members: hasMembers,
      start_date: values.start_date || null,
    };
    duplicate.mutate(
      { source: project.id, body },
      { onSuccess: (id) => void navigate(`/projects/${id}/board`) },
    );
  }

  return (
    <Modal opened onClose={onClose} title={texts.duplicateProject}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <Stack>
          <ProblemAlert error={duplicate.error} fields={["name", "start_date"]} />
          <TextInput
            label={m.projects.name}
            required
            maxLength={200}
            data-autofocus
            {...bind("name")}
          />
          <TextInput
            type="date"
            label={texts.startDate}
            description={texts.startDateHint}
            {...bind("start_date")}
          />
          <Checkbox
            label={texts.doneTasks}
            checked={hasDone}
            onChange={(event) => setDone(event.currentTarget.checked)}
          />
          <Checkbox
            label={texts.members}
            checked={hasMembers}
            onChange={(event) => setMembers(event.currentTarget.checked)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {m.common.cancel}
            </Button>
            <Button type="submit" loading={duplicate.isPending}>
              {texts.duplicate}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
