import { useDraggable, useDroppable } from "@dnd-kit/core";
import { useEffect, useRef } from "react";

import type { ProjectDetails, TaskCard } from "../../api/types";
import classes from "./Board.module.css";
import { Card } from "./Card";
import type { SlotData } from "../order/dragging";
import type { Mark } from "../order/place";

interface Props {
  task: TaskCard;
  project: ProjectDetails;
  isEditable: boolean;
  /** Whether cards can be moved to places between others. */
  isManual: boolean;
  mark: Mark;
  /** Whether the card takes the focus that its move with the keyboard has lost. */
  isFocused: boolean;
  onOpen: (id: string) => void;
}

/** A card that opens its task, and that people with the right to write can move. */
export function DraggableCard({
  task,
  project,
  isEditable,
  isManual,
  mark,
  isFocused,
  onOpen,
}: Props) {
  const data: SlotData = { group: task.status };
  const { setNodeRef, listeners, attributes, isDragging } = useDraggable({
    id: task.id,
    data,
    disabled: !isEditable,
  });
  const slot = useDroppable({ id: task.id, data, disabled: !isManual });
  const element = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isFocused && document.activeElement === document.body) {
      element.current?.focus({ preventScroll: true });
    }
  });
  return (
    <button
      type="button"
      ref={(button) => {
        element.current = button;
        setNodeRef(button);
        slot.setNodeRef(button);
      }}
      className={classes.button}
      data-dragging={isDragging || undefined}
      data-mark={mark}
      data-task={task.key}
      onClick={() => onOpen(task.id)}
      aria-describedby={attributes["aria-describedby"]}
      {...listeners}
    >
      <Card task={task} project={project} />
    </button>
  );
}
