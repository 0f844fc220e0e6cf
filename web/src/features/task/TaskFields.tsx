import { SimpleGrid } from "@mantine/core";

import type { ProjectDetails, Task, TaskPatch, TaskPriority, TaskStatus } from "../../api/types";
import { MultiSelect, Select } from "../../components/Select";
import { m } from "../../i18n";
import { getName, useLabels } from "../projects/queries";
import { DateField } from "./DateField";
import { useChangeTask } from "./mutations";

interface Props {
  task: Task;
  project: ProjectDetails;
  isEditable: boolean;
}

/** The fields of a task that are chosen; each change is saved at once. */
export function TaskFields({ task, project, isEditable }: Props) {
  const { data: labels } = useLabels(project.id);
  const mutation = useChangeTask();
  const change = (patch: TaskPatch) => mutation.mutate({ task, patch });
  const members = project.members.map((member) => ({
    value: member.user_id,
    label: getName(member),
  }));
  const shared = { readOnly: !isEditable, size: "sm", allowDeselect: false } as const;
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <Select
        {...shared}
        label={m.fields.status}
        data={Object.entries(m.status).map(([value, label]) => ({ value, label }))}
        value={task.status}
        onChange={(status) => status && change({ status: status as TaskStatus })}
      />
      <Select
        {...shared}
        label={m.fields.assigned_to}
        placeholder={m.people.unassigned}
        data={members}
        value={task.assigned_to}
        clearable={isEditable}
        searchable
        onChange={(assigned_to) => change({ assigned_to })}
      />
      <Select
        {...shared}
        label={m.fields.priority}
        data={Object.entries(m.priority).map(([value, label]) => ({ value, label }))}
        value={task.priority}
        onChange={(priority) => priority && change({ priority: priority as TaskPriority })}
      />
      <MultiSelect
        readOnly={!isEditable}
        label={m.fields.labels}
        placeholder={task.labels.length === 0 ? m.common.none : ""}
        data={(labels ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={task.labels}
        searchable
        onChange={(chosen) => change({ labels: chosen })}
      />
      <DateField task={task} field="start_date" isEditable={isEditable} />
      <DateField task={task} field="due_date" isEditable={isEditable} />
    </SimpleGrid>
  );
}
