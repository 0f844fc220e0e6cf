/** Where a dragged card is. */
import {
  type CollisionDetection,
  type DragMoveEvent,
  pointerWithin,
  rectIntersection,
} from "@dnd-kit/core";

import type { TaskStatus } from "../../api/types";
import { findNearest, readPlace, type SlotData } from "../order/dragging";
import type { Place } from "../order/place";
import { STATUSES } from "./columns";

/** A column and, in the manual order, a place beside one of its cards. */
export interface Target {
  status: TaskStatus;
  place: Place | null;
}

/** Finds the column under the pointer, or the one that a card moved by keyboard overlaps most. */
export const findColumn: CollisionDetection = (args) => {
  const isColumn = ({ id }: { id: string | number }) => STATUSES.includes(id as TaskStatus);
  const columns = { ...args, droppableContainers: args.droppableContainers.filter(isColumn) };
  return args.pointerCoordinates ? pointerWithin(columns) : rectIntersection(columns);
};

/** Finds the nearest card of that column; the column itself if it has no other cards. */
export const findPlace: CollisionDetection = (args) => {
  const columns = findColumn(args);
  const nearest = columns[0] ? findNearest(args, columns[0].id) : [];
  return nearest.length > 0 ? nearest : columns;
};

export function readTarget({ over, collisions }: DragMoveEvent): Target | null {
  if (!over) {
    return null;
  }
  const group = (over.data.current as SlotData | undefined)?.group;
  return { status: (group ?? over.id) as TaskStatus, place: readPlace(collisions) };
}
