import type { KeyboardCoordinateGetter } from "@dnd-kit/core";

import type { TaskStatus } from "../../api/types";
import { moveVertically } from "../order/dragging";
import { STATUSES } from "./columns";

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 };

/** Moves a card that was picked up with the keyboard to the column on its left or right. */
export const moveBetweenColumns: KeyboardCoordinateGetter = (event, args) => {
  const step = STEPS[event.code];
  if (step === undefined) {
    return moveVertically(event, args);
  }
  event.preventDefault();
  const { droppableRects, over } = args.context;
  const group = (over?.data.current as { group?: TaskStatus } | undefined)?.group;
  const current = STATUSES.indexOf(group ?? (over?.id as TaskStatus));
  const target = droppableRects.get(STATUSES[current + step] ?? "");
  return target ? { x: target.left + 8, y: target.top + 8 } : args.currentCoordinates;
};
