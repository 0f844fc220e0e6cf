import { ActionIcon, Anchor, Badge, Box, Group, Text, Title } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { lazy } from "react";
import { Link } from "react-router";

import type { Relation, Task } from "../../api/types";
import { AddOnDemand } from "../../components/AddOnDemand";
import { useTaskLink } from "../task/useOpenTask";
import { useRelations, useRemoveRelation } from "./queries";
import { texts } from "./texts";

const NewRelation = lazy(() => import("./NewRelation"));

/** The tasks that a task blocks, that block it, and that it has to do with otherwise. */
export function Relations({ task, isEditable }: { task: Task; isEditable: boolean }) {
  const { data } = useRelations(task.id);
  const relations = data?.items ?? [];
  if (relations.length === 0 && !isEditable) {
    return null;
  }
  return (
    <Box component="section" aria-label={texts.title}>
      <Group gap="xs" mb={6}>
        <Title order={3} size="sm">
          {texts.count(task.relations_count)}
        </Title>
        {task.open_blockers_count > 0 && (
          <Badge size="sm" color="red" variant="light" tt="none">
            {texts.blockedBy(task.open_blockers_count)}
          </Badge>
        )}
      </Group>
      {relations.map((relation) => (
        <RelationRow
          key={relation.id}
          relation={relation}
          taskId={task.id}
          isEditable={isEditable}
        />
      ))}
      {isEditable && (
        <AddOnDemand label={texts.new}>
          <NewRelation taskId={task.id} />
        </AddOnDemand>
      )}
    </Box>
  );
}

interface RowProps {
  relation: Relation;
  taskId: string;
  isEditable: boolean;
}

function RelationRow({ relation, taskId, isEditable }: RowProps) {
  const remove = useRemoveRelation(taskId);
  const linkTo = useTaskLink();
  const { task: other, kind } = relation;
  return (
    <Group gap="xs" py={2} wrap="nowrap">
      <Text size="sm" c="dimmed" flex="none">
        {texts.kinds[kind]}
      </Text>
      {other === null ? (
        <Text size="sm" c="dimmed">
          {texts.hidden}
        </Text>
      ) : (
        <Anchor
          component={Link}
          to={linkTo(other.id)}
          size="sm"
          c="inherit"
          truncate
          td={other.status === "done" ? "line-through" : undefined}
        >
          {other.key} {other.title}
        </Anchor>
      )}
      {isEditable && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          aria-label={texts.remove(other?.key ?? texts.hidden)}
          onClick={() => remove.mutate(relation.id)}
        >
          <IconX size={14} />
        </ActionIcon>
      )}
    </Group>
  );
}
