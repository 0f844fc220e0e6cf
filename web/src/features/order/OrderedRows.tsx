import { DndContext, type Modifier, useDraggable, useDroppable } from "@dnd-kit/core";
import { ActionIcon } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";

import type { TaskCard } from "../../api/types";
import { m } from "../../i18n";
import { buildAnnouncements } from "./announcements";
import { findNearest, moveVertically, readPlace, type SlotData, useTaskSensors } from "./dragging";
import { getMark, type Mark, type Place } from "./place";
import { useMoveTask } from "./useMoveTask";

const SLOT: SlotData = { group: "list" };
const restrictToVertical: Modifier = ({ transform }) => ({ ...transform, x: 0 });

/** What makes a row movable: the handle, the element of the row, and a mark of the new place. */
export interface Movable {
  handle: ReactNode;
  ref: (row: HTMLTableRowElement | null) => void;
  mark: Mark;
}

interface Props {
  tasks: TaskCard[];
  renderRow: (task: TaskCard, movable: Movable) => ReactNode;
}

/** The rows of a list in manual order. A handle moves a row, by pointer or by keyboard. */
export default function OrderedRows({ tasks, renderRow }: Props) {
  const move = useMoveTask();
  const sensors = useTaskSensors(moveVertically);
  const [place, setPlace] = useState<Place | null>(null);
  return (
    <DndContext
      sensors={sensors}
      modifiers={[restrictToVertical]}
      collisionDetection={(args) => findNearest(args, SLOT.group)}
      accessibility={{
        announcements: buildAnnouncements(tasks),
        screenReaderInstructions: { draggable: m.order.instructions },
        // A table cannot contain what screen readers hear.
        container: document.body,
      }}
      onDragMove={({ collisions }) => setPlace(readPlace(collisions))}
      onDragCancel={() => setPlace(null)}
      onDragEnd={({ active, collisions }) => {
        const task = tasks.find(({ id }) => id === active.id);
        const target = readPlace(collisions);
        setPlace(null);
        if (task && target) {
          move.mutate({ task, place: target });
        }
      }}
    >
      {tasks.map((task) => (
        <Row key={task.id} task={task} place={place} renderRow={renderRow} />
      ))}
    </DndContext>
  );
}

interface RowProps {
  task: TaskCard;
  place: Place | null;
  renderRow: Props["renderRow"];
}

function Row({ task, place, renderRow }: RowProps) {
  const slot = useDroppable({ id: task.id, data: SLOT });
  const { setNodeRef, setActivatorNodeRef, listeners, attributes } = useDraggable({
    id: task.id,
    data: SLOT,
  });
  return renderRow(task, {
    mark: getMark(place, task.id),
    ref: (row) => {
      slot.setNodeRef(row);
      setNodeRef(row);
    },
    handle: (
      <ActionIcon
        ref={setActivatorNodeRef}
        variant="subtle"
        color="gray"
        size="sm"
        aria-label={m.order.move(task.title)}
        aria-describedby={attributes["aria-describedby"]}
        style={{ cursor: "grab", touchAction: "none" }}
        {...listeners}
      >
        <IconGripVertical size={14} />
      </ActionIcon>
    ),
  });
}
