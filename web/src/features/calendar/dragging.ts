/** Where a task of the calendar is dragged to. */
import {
  type CollisionDetection,
  type KeyboardCoordinateGetter,
  pointerWithin,
  rectIntersection,
} from "@dnd-kit/core";

import { addDays } from "../../components/dates";

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

/** Finds the day under the pointer, or the one that a task moved by keyboard overlaps most. */
export const findDay: CollisionDetection = (args) =>
  args.pointerCoordinates ? pointerWithin(args) : rectIntersection(args);

/** Moves a task that was picked up with the keyboard by a day or a week, as far as days are shown. */
export const moveByDays: KeyboardCoordinateGetter = (event, { context, currentCoordinates }) => {
  const step = STEPS[event.code];
  const { over, droppableRects } = context;
  if (step === undefined || !over) {
    return undefined;
  }
  event.preventDefault();
  const target = droppableRects.get(addDays(String(over.id), step));
  return target ? { x: target.left + 4, y: target.top + 4 } : currentCoordinates;
};
