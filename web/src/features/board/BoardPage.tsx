import { DndContext, type DragEndEvent, DragOverlay } from "@dnd-kit/core";
import { Alert, Box, Text } from "@mantine/core";
import { useMemo, useState } from "react";

import type { TaskCard, TaskQuery, TaskStatus } from "../../api/types";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { useAccount } from "../account/useAccount";
import { buildAnnouncements } from "../order/announcements";
import { useTaskSensors } from "../order/dragging";
import { useMoveTask } from "../order/useMoveTask";
import { useCurrentProject } from "../projects/ProjectLayout";
import { canWrite } from "../projects/queries";
import { useChangeTask } from "../task/mutations";
import { BOARD_MAX, useBoardTasks } from "../task/queries";
import { useOpenTask } from "../task/useOpenTask";
import classes from "./Board.module.css";
import { Card } from "./Card";
import { Column } from "./Column";
import { groupByStatus, matchesFilter, STATUSES } from "./columns";
import { FilterBar } from "./FilterBar";
import { moveBetweenColumns } from "./keyboard";
import { findColumn, findPlace, readTarget, type Target } from "./target";
import { useBoardFilter, useManualOrder, useServerFilter } from "./useBoardFilter";

export default function BoardPage() {
  const project = useCurrentProject();
  const { data: account } = useAccount();
  const [filter, setFilter] = useBoardFilter();
  const [isManual, setManual] = useManualOrder();
  const serverFilter = useServerFilter();
  const query: TaskQuery = { ...serverFilter, ...(isManual && { ordering: "rank" as const }) };
  const { data: tasks, error, isPending } = useBoardTasks(project.id, query);
  const [dragged, setDragged] = useState<TaskCard | null>(null);
  const [target, setTarget] = useState<Target | null>(null);
  // The card that was moved with the keyboard, and its new column.
  const [focused, setFocused] = useState<{ id: string; status: TaskStatus } | null>(null);
  const change = useChangeTask();
  const move = useMoveTask();
  const [, openTask] = useOpenTask();
  const isEditable = canWrite(project);
  const columns = useMemo(
    () =>
      groupByStatus(
        (tasks ?? []).filter((task) => matchesFilter(task, filter, account?.id)),
        isManual,
      ),
    [tasks, filter, isManual, account?.id],
  );
  const sensors = useTaskSensors(moveBetweenColumns);

  function end() {
    setDragged(null);
    setTarget(null);
  }

  function drop(event: DragEndEvent) {
    const task = tasks?.find(({ id }) => id === event.active.id);
    const dropped = readTarget(event);
    end();
    if (task && dropped && event.activatorEvent instanceof KeyboardEvent) {
      setFocused({ id: task.id, status: dropped.status });
    }
    if (task && dropped && task.status !== dropped.status) {
      change.mutate({ task, patch: { status: dropped.status } });
    }
    if (task && dropped?.place) {
      move.mutate({ task, place: dropped.place });
    }
  }

  return (
    <Box className={classes.page}>
      <FilterBar project={project} filter={filter} onChange={setFilter}>
        <Select
          size="xs"
          w={{ base: "calc(50% - 4px)", xs: 150 }}
          aria-label={m.list.order}
          allowDeselect={false}
          data={[
            { value: "urgency", label: m.order.urgency },
            { value: "rank", label: m.order.byHand },
          ]}
          value={isManual ? "rank" : "urgency"}
          onChange={(order) => setManual(order === "rank")}
        />
      </FilterBar>
      <Box px={{ base: "md", sm: "xl" }}>
        <ProblemAlert error={error} />
        {tasks && tasks.length >= BOARD_MAX && <Alert>{m.board.tooMany(BOARD_MAX)}</Alert>}
      </Box>
      {isPending && <Loading />}
      {tasks && (
        <DndContext
          sensors={sensors}
          collisionDetection={isManual ? findPlace : findColumn}
          accessibility={{
            announcements: buildAnnouncements(tasks, (id) => m.status[id as TaskStatus]),
            screenReaderInstructions: { draggable: m.board.dragInstructions },
          }}
          onDragStart={({ active }) => setDragged(tasks.find(({ id }) => id === active.id) ?? null)}
          onDragMove={(event) => setTarget(readTarget(event))}
          onDragCancel={end}
          onDragEnd={drop}
        >
          <div className={classes.columns} onPointerDown={() => setFocused(null)}>
            {STATUSES.map((status) => (
              <Column
                key={status}
                status={status}
                tasks={columns[status]}
                project={project}
                isEditable={isEditable}
                isManual={isManual}
                place={target?.status === status ? target.place : null}
                focusedId={focused?.status === status ? focused.id : null}
                onOpen={openTask}
              />
            ))}
          </div>
          <DragOverlay>{dragged && <Card task={dragged} project={project} isLifted />}</DragOverlay>
        </DndContext>
      )}
      {tasks?.length === 0 && (
        <Text c="dimmed" px="xl">
          {m.board.empty}
        </Text>
      )}
    </Box>
  );
}
