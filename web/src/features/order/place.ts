/** A place in the manual order: directly after or directly before another task. */
export type Place = { after: string } | { before: string };

/** The side of a task on which the dragged one would be; undefined for the other tasks. */
export type Mark = "after" | "before" | undefined;

/** Returns the list with an item at another place, or without it when the list lacks that place. */
export function moveInList<T extends { id: string }>(items: T[], moved: T, place: Place): T[] {
  const others = items.filter(({ id }) => id !== moved.id);
  const anchor = "after" in place ? place.after : place.before;
  const index = others.findIndex(({ id }) => id === anchor);
  if (index === -1) {
    return others;
  }
  return others.toSpliced("after" in place ? index + 1 : index, 0, moved);
}

/** Returns on which side of the task `id` a place is. */
export function getMark(place: Place | null, id: string): Mark {
  if (place === null) {
    return undefined;
  }
  if ("after" in place) {
    return place.after === id ? "after" : undefined;
  }
  return place.before === id ? "before" : undefined;
}
