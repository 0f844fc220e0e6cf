/** Dragging tasks to places between others: by pointer and by keyboard. */
import {
  type Collision,
  type CollisionDetection,
  KeyboardSensor,
  type KeyboardCoordinateGetter,
  MouseSensor,
  TouchSensor,
  type UniqueIdentifier,
  useSensor,
  useSensors,
} from "@dnd-kit/core";

import type { Place } from "./place";

/** What a droppable task tells: the column or list that it is in. */
export interface SlotData {
  group: string;
}

const getGroup = (data: Record<string, unknown> | undefined) =>
  (data as SlotData | undefined)?.group;

/** The ways to drag a task; `getCoordinates` says where the arrow keys move it. */
export function useTaskSensors(getCoordinates: KeyboardCoordinateGetter) {
  return useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 200, tolerance: 8 } }),
    useSensor(KeyboardSensor, {
      coordinateGetter: getCoordinates,
      // Enter opens the task, and Space picks it up.
      keyboardCodes: { start: ["Space"], cancel: ["Escape"], end: ["Space", "Enter"] },
    }),
  );
}

/** Finds the task of a group whose middle is nearest to the pointer, or to the dragged task. */
export function findNearest(
  args: Parameters<CollisionDetection>[0],
  group: UniqueIdentifier,
): Collision[] {
  const { top, height } = args.collisionRect;
  const y = args.pointerCoordinates?.y ?? top + height / 2;
  const candidates = args.droppableContainers.flatMap(({ id, data }) => {
    const rect = args.droppableRects.get(id);
    if (!rect || id === args.active.id || getGroup(data.current) !== group) {
      return [];
    }
    const middle = rect.top + rect.height / 2;
    return [{ id, data: { isAfter: y > middle, distance: Math.abs(y - middle) } }];
  });
  return candidates.sort((left, right) => left.data.distance - right.data.distance).slice(0, 1);
}

/** Returns the place that `findNearest` has found, or null for none. */
export function readPlace(collisions: Collision[] | null): Place | null {
  const first = collisions?.[0];
  const isAfter = (first?.data as { isAfter?: boolean } | undefined)?.isAfter;
  if (!first || isAfter === undefined) {
    return null;
  }
  return isAfter ? { after: String(first.id) } : { before: String(first.id) };
}

const STEPS: Record<string, number> = { ArrowUp: -1, ArrowDown: 1 };

/** Moves a task that was picked up with the keyboard past the one above or below it. */
export const moveVertically: KeyboardCoordinateGetter = (
  event,
  { context, currentCoordinates },
) => {
  const step = STEPS[event.code];
  const { active, over, collisionRect, droppableContainers, droppableRects } = context;
  if (step === undefined || !active || !collisionRect) {
    return undefined;
  }
  event.preventDefault();
  const group = getGroup(over?.data.current) ?? over?.id ?? getGroup(active.data.current);
  const middle = currentCoordinates.y + collisionRect.height / 2;
  const middles = droppableContainers
    .getEnabled()
    .filter(({ id, data }) => id !== active.id && getGroup(data.current) === group)
    .map(({ id }) => droppableRects.get(id))
    .map((rect) => (rect ? rect.top + rect.height / 2 : middle))
    .filter((each) => (each - middle) * step > 1)
    .sort((left, right) => (left - right) * step);
  const next = middles[0];
  return next === undefined
    ? currentCoordinates
    : { x: currentCoordinates.x, y: next - collisionRect.height / 2 + step * 2 };
};
