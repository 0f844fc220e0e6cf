import {
  DndContext,
  type DragEndEvent,
  DragOverlay,
  useDraggable,
  useDroppable,
} from "@dnd-kit/core";
import { type ReactNode, useState } from "react";

import type { TaskCard } from "../../api/types";
import { formatDay, getDueDay, moveToDay } from "../../components/dates";
import { locale } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { buildAnnouncements } from "../order/announcements";
import { useTaskSensors } from "../order/dragging";
import { useChangeTask } from "../task/mutations";
import classes from "./Calendar.module.css";
import { findDay, moveByDays } from "./dragging";
import { texts } from "./texts";

interface Props {
  month: string;
  days: string[];
  today: string;
  tasks: TaskCard[];
  isEditable: boolean;
  onOpen: (id: string) => void;
}

/** The weeks of a month. A task is moved to another day by pointer or by keyboard. */
export function CalendarGrid({ month, days, today, tasks, isEditable, onOpen }: Props) {
  const zone = useTimeZone();
  const change = useChangeTask();
  const sensors = useTaskSensors(moveByDays);
  const [dragged, setDragged] = useState<TaskCard | null>(null);
  const weekday = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  const listTasks = (day: string) =>
    tasks.filter(({ due_date }) => due_date !== null && getDueDay(due_date, zone) === day);

  function drop({ over }: DragEndEvent) {
    setDragged(null);
    const due = dragged?.due_date;
    if (over && dragged && due && getDueDay(due, zone) !== over.id) {
      const due_date = moveToDay(due, String(over.id), zone);
      change.mutate({ task: dragged, patch: { due_date } });
    }
  }

  return (
    <DndContext
      sensors={sensors}
      collisionDetection={findDay}
      accessibility={{
        announcements: buildAnnouncements(tasks, (day) => formatDay(day, zone)),
        screenReaderInstructions: { draggable: texts.dragInstructions },
      }}
      onDragStart={({ active }) => setDragged(tasks.find(({ id }) => id === active.id) ?? null)}
      onDragCancel={() => setDragged(null)}
      onDragEnd={drop}
    >
      <div className={classes.grid} aria-hidden>
        {days.slice(0, 7).map((day) => (
          <span key={day} className={classes.weekday}>
            {weekday.format(new Date(`${day}T00:00:00Z`))}
          </span>
        ))}
      </div>
      <ol className={classes.grid}>
        {days.map((day) => (
          <Day key={day} day={day} isOutside={!day.startsWith(month)} isToday={day === today}>
            {listTasks(day).map((task) => (
              <DueTask key={task.id} task={task} isEditable={isEditable} onOpen={onOpen} />
            ))}
          </Day>
        ))}
      </ol>
      <DragOverlay>
        {dragged && (
          <div className={classes.task} data-status={dragged.status} data-lifted>
            {dragged.title}
          </div>
        )}
      </DragOverlay>
    </DndContext>
  );
}

interface DayProps {
  day: string;
  isOutside: boolean;
  isToday: boolean;
  children: ReactNode;
}

function Day({ day, isOutside, isToday, children }: DayProps) {
  const { setNodeRef, isOver } = useDroppable({ id: day });
  return (
    <li
      ref={setNodeRef}
      className={classes.day}
      data-outside={isOutside || undefined}
      data-today={isToday || undefined}
      data-over={isOver || undefined}
    >
      <time dateTime={day} className={classes.number}>
        {Number(day.slice(8))}
      </time>
      {children}
    </li>
  );
}

interface DueTaskProps {
  task: TaskCard;
  isEditable: boolean;
  onOpen: (id: string) => void;
}

/** A task that opens, and that people with the right to write can move. */
function DueTask({ task, isEditable, onOpen }: DueTaskProps) {
  const { setNodeRef, listeners, attributes, isDragging } = useDraggable({
    id: task.id,
    disabled: !isEditable,
  });
  return (
    <button
      type="button"
      ref={setNodeRef}
      className={classes.task}
      data-status={task.status}
      data-dragging={isDragging || undefined}
      title={task.title}
      onClick={() => onOpen(task.id)}
      aria-describedby={attributes["aria-describedby"]}
      {...listeners}
    >
      {task.title}
    </button>
  );
}
