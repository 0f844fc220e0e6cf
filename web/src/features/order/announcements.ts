import type { Active, Announcements, Over } from "@dnd-kit/core";

import { m } from "../../i18n";
import type { SlotData } from "./dragging";

interface Named {
  id: string;
  title: string;
}

/**
 * Returns what screen readers say while a task is moved to a place before or after another one.
 * `nameGroup` names the columns that a task can be moved to.
 */
export function buildAnnouncements(
  tasks: Named[],
  nameGroup: (id: string) => string | undefined = () => undefined,
): Announcements {
  const name = (id: string | number) => tasks.find((task) => task.id === id)?.title ?? "";

  function describePlace(active: Active, over: Over): string {
    const group = (over.data.current as SlotData | undefined)?.group;
    const column = nameGroup(String(group ?? over.id));
    if (group === undefined) {
      return column ?? "";
    }
    const place = isBelow(active, over) ? m.order.after : m.order.before;
    return [column, place(name(over.id))].filter(Boolean).join(", ");
  }

  // Before the first step, the person hears that the task is picked up.
  const announceOver = ({ active, over }: { active: Active; over: Over | null }) =>
    over && isMoved(active) ? m.board.isOver(describePlace(active, over)) : undefined;

  return {
    onDragStart: ({ active }) => m.board.pickedUp(name(active.id)),
    // A move from one side of a task to its other side stays over that task.
    onDragMove: announceOver,
    onDragOver: announceOver,
    onDragEnd: ({ active, over }) =>
      over ? m.board.dropped(name(active.id), describePlace(active, over)) : m.board.dragCancelled,
    onDragCancel: () => m.board.dragCancelled,
  };
}

function isMoved({ rect: { current } }: Active): boolean {
  const { initial, translated } = current;
  return initial?.top !== translated?.top || initial?.left !== translated?.left;
}

/** Whether the middle of the dragged task is below that of the task that it is over. */
function isBelow({ rect }: Active, over: Over): boolean {
  const dragged = rect.current.translated;
  return (
    dragged !== null && dragged.top + dragged.height / 2 > over.rect.top + over.rect.height / 2
  );
}
