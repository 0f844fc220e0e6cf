import { Anchor, Badge, Group, Stack, Table, Text } from "@mantine/core";
import { lazy, Suspense } from "react";
import { Link } from "react-router";

import type { Label, Member, TaskCard, TaskQuery } from "../../api/types";
import { HighPriorityFlag } from "../../components/HighPriorityFlag";
import { formatDay, isPast } from "../../components/dates";
import { LabelBadge } from "../../components/LabelBadge";
import { Loading } from "../../components/Loading";
import { MoreButton } from "../../components/MoreButton";
import { PersonAvatar } from "../../components/PersonAvatar";
import { ProblemAlert } from "../../components/ProblemAlert";
import { RowsInSight } from "../../components/RowsInSight";
import { WideTable } from "../../components/WideTable";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import type { Movable } from "../order/OrderedRows";
import { getName } from "../projects/queries";
import { useTaskList } from "../task/queries";
import { useTaskLink } from "../task/useOpenTask";
import classes from "./List.module.css";

const OrderedRows = lazy(() => import("../order/OrderedRows"));

interface Props {
  query: TaskQuery;
  members?: Member[] | undefined;
  labels?: Label[] | undefined;
  selection?: Set<string>;
  onSelect?: (tasks: TaskCard[], isSelected: boolean) => void;
  /** Whether the list is in the manual order and can be changed. */
  isMovable?: boolean;
}

/** The tasks that match a query, with a button for more of them. */
export function TaskTable({ query, isMovable = false, ...props }: Props) {
  const { members, labels, selection, onSelect } = props;
  const list = useTaskList(query);
  const tasks = list.data?.pages.flatMap((page) => page.items) ?? [];
  if (list.isPending) {
    return <Loading />;
  }
  if (tasks.length === 0) {
    return list.error ? <ProblemAlert error={list.error} /> : <Text c="dimmed">{m.list.none}</Text>;
  }
  const areAllSelected = selection !== undefined && tasks.every(({ id }) => selection.has(id));
  const renderRow = (task: TaskCard, movable?: Movable) => (
    <TaskRow
      key={task.id}
      task={task}
      members={members}
      labels={labels}
      isSelected={selection?.has(task.id)}
      onSelect={onSelect}
      movable={movable}
    />
  );
  return (
    <Stack>
      <ProblemAlert error={list.error} />
      <WideTable
        minWidth={members ? 720 : 560}
        highlightOnHover
        verticalSpacing="xs"
        layout="fixed"
      >
        <Table.Thead>
          <Table.Tr>
            {isMovable && <Table.Td w={36} />}
            {onSelect && (
              <Table.Th w={36}>
                <input
                  type="checkbox"
                  className={classes.checkbox}
                  aria-label={m.list.selectAll}
                  checked={areAllSelected}
                  onChange={() => onSelect(tasks, !areAllSelected)}
                />
              </Table.Th>
            )}
            <Table.Th w={96}>{m.fields.key}</Table.Th>
            <Table.Th>{m.fields.title}</Table.Th>
            <Table.Th w={130}>{m.fields.status}</Table.Th>
            {members && <Table.Th w={150}>{m.fields.assigned_to}</Table.Th>}
            <Table.Th w={110}>{m.fields.due_date}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        {isMovable ? (
          <Table.Tbody>
            <Suspense>
              <OrderedRows tasks={tasks} renderRow={renderRow} />
            </Suspense>
          </Table.Tbody>
        ) : (
          list.data?.pages.map((page, index) => (
            <RowsInSight key={index}>{page.items.map((task) => renderRow(task))}</RowsInSight>
          ))
        )}
      </WideTable>
      <MoreButton list={list} />
    </Stack>
  );
}

interface RowProps {
  task: TaskCard;
  members: Member[] | undefined;
  labels: Label[] | undefined;
  isSelected: boolean | undefined;
  onSelect: Props["onSelect"];
  movable: Movable | undefined;
}

function TaskRow({ task, members, labels, isSelected, onSelect, movable }: RowProps) {
  const zone = useTimeZone();
  const linkTo = useTaskLink();
  const assignee = members?.find(({ user_id }) => user_id === task.assigned_to);
  const isLate =
    task.due_date !== null && task.status !== "done" && isPast(task.due_date, new Date(), zone);
  return (
    <Table.Tr ref={movable?.ref} className={classes.row} data-mark={movable?.mark}>
      {movable && <Table.Td>{movable.handle}</Table.Td>}
      {onSelect && (
        <Table.Td>
          <input
            type="checkbox"
            className={classes.checkbox}
            aria-label={m.list.select(task.title)}
            checked={isSelected ?? false}
            onChange={(event) => onSelect([task], event.currentTarget.checked)}
          />
        </Table.Td>
      )}
      <Table.Td c="dimmed" fz="xs">
        {task.key}
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          <Anchor
            component={Link}
            to={linkTo(task.id)}
            c="inherit"
            size="sm"
            fw={500}
            td={task.status === "done" ? "line-through" : undefined}
          >
            {task.title}
          </Anchor>
          {task.priority === "high" && <HighPriorityFlag />}
          {labels
            ?.filter(({ id }) => task.labels.includes(id))
            .map((label) => (
              <LabelBadge key={label.id} label={label} />
            ))}
        </Group>
      </Table.Td>
      <Table.Td>
        <Badge variant="dot" size="sm" tt="none" fw={500} color={STATUS_COLORS[task.status]}>
          {m.status[task.status]}
        </Badge>
      </Table.Td>
      {members && (
        <Table.Td>
          {assignee && (
            <Group gap={6} wrap="nowrap">
              <PersonAvatar name={getName(assignee)} size={20} />
              <Text size="sm" truncate>
                {getName(assignee)}
              </Text>
            </Group>
          )}
        </Table.Td>
      )}
      <Table.Td c={isLate ? "var(--mantine-color-error)" : "inherit"} fz="sm">
        {task.due_date !== null && formatDay(task.due_date, zone)}
      </Table.Td>
    </Table.Tr>
  );
}

const STATUS_COLORS = {
  todo: "gray",
  in_progress: "indigo",
  review: "orange",
  done: "teal",
} as const;
