import { Button, Group, Paper, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type {
  ProjectDetails,
  TaskCard,
  TaskPatch,
  TaskPriority,
  TaskStatus,
} from "../../api/types";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { getName } from "../projects/queries";

interface Props {
  tasks: TaskCard[];
  project: ProjectDetails;
  onDone: () => void;
}

// The most operations of one request.
const BATCH = 100;

/** Changes or deletes the selected tasks. */
export default function BulkBar({ tasks, project, onDone }: Props) {
  const queries = useQueryClient();
  const run = useMutation({
    mutationFn: async (patch: TaskPatch | null) => {
      let failed = 0;
      for (let begin = 0; begin < tasks.length; begin += BATCH) {
        const operations = tasks
          .slice(begin, begin + BATCH)
          .map(({ id }) =>
            patch ? { op: "update" as const, id, ...patch } : { op: "delete" as const, id },
          );
        const { results } = await unwrap(
          api.POST("/api/tasks/bulk", {
            params: { header: idempotencyKey() },
            body: { operations, atomic: false },
          }),
        );
        failed += results.filter(({ status }) => status >= 400).length;
      }
      return failed;
    },
    onSuccess: async (failed) => {
      notifySuccess(m.list.changed(tasks.length - failed, failed));
      onDone();
      await queries.invalidateQueries({ queryKey: ["tasks"] });
    },
    onError: notifyProblem,
  });
  const select = { size: "xs", w: 150, value: null, disabled: run.isPending } as const;
  return (
    <Paper withBorder p="xs" role="region" aria-label={m.list.bulk}>
      <Group gap="xs">
        <Text size="sm" fw={500}>
          {m.list.selected(tasks.length)}
        </Text>
        <Select
          {...select}
          aria-label={m.list.set(m.fields.status)}
          placeholder={m.fields.status}
          data={Object.entries(m.status).map(([value, label]) => ({ value, label }))}
          onChange={(status) => run.mutate({ status: status as TaskStatus })}
        />
        <Select
          {...select}
          aria-label={m.list.set(m.fields.priority)}
          placeholder={m.fields.priority}
          data={Object.entries(m.priority).map(([value, label]) => ({ value, label }))}
          onChange={(priority) => run.mutate({ priority: priority as TaskPriority })}
        />
        <Select
          {...select}
          aria-label={m.list.set(m.fields.assigned_to)}
          placeholder={m.fields.assigned_to}
          data={project.members.map((member) => ({
            value: member.user_id,
            label: getName(member),
          }))}
          onChange={(assigned_to) => run.mutate({ assigned_to })}
        />
        <Button size="xs" color="red" variant="light" onClick={() => run.mutate(null)}>
          {m.common.delete}
        </Button>
        <Button size="xs" variant="subtle" onClick={onDone}>
          {m.common.cancel}
        </Button>
      </Group>
    </Paper>
  );
}
