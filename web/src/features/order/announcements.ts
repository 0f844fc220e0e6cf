import type { Announcements } from "@dnd-kit/core";

import { m } from "../../i18n";

interface Named {
  id: string;
  title: string;
}

/**
 * Returns what screen readers say while a task is moved to a place beside another one. `nameGroup`
 * names the columns that a task can be moved to.
 */
export function buildAnnouncements(
  tasks: Named[],
  nameGroup: (id: string) => string | undefined = () => undefined,
): Announcements {
  const name = (id: string | number) => tasks.find((task) => task.id === id)?.title ?? "";
  const group = (id: string | number | undefined) => nameGroup(String(id));
  const where = (over: { id: string | number; data: { current?: unknown } }) => {
    const slot = over.data.current as { group?: string } | undefined;
    const column = group(slot?.group ?? over.id);
    return [column, slot?.group === undefined ? "" : m.order.beside(name(over.id))]
      .filter(Boolean)
      .join(", ");
  };
  return {
    onDragStart: ({ active }) => m.board.pickedUp(name(active.id)),
    onDragOver: ({ over }) => (over ? m.board.isOver(where(over)) : undefined),
    onDragEnd: ({ active, over }) =>
      over ? m.board.dropped(name(active.id), where(over)) : m.board.dragCancelled,
    onDragCancel: () => m.board.dragCancelled,
  };
}
