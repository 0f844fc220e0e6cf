/** What belongs to a task but is read by requests of its own, such as its comments. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";

import type { Task } from "../../api/types";
import { listsKey, patchCachedTask } from "../task/queries";

type Signs = Pick<
  Task,
  | "version"
  | "comments_count"
  | "attachments_count"
  | "relations_count"
  | "open_blockers_count"
  | "subtasks_count"
>;
type Sign = keyof Signs;

/** The cache entries that have changed when a field of the task has. */
const PARTS: Record<Sign, (id: string) => QueryKey[]> = {
  version: (id) => [
    ["reminders", id],
    ["activity", id],
  ],
  comments_count: (id) => [["comments", id]],
  attachments_count: (id) => [["attachments", id]],
  relations_count: (id) => [
    ["relations", id],
    ["activity", id],
  ],
  open_blockers_count: (id) => [["relations", id]],
  subtasks_count: () => [[...listsKey]],
};

/** Returns the keys of what must be read again when a task was `before` and is now `after`. */
export function listChangedParts(id: string, before: Signs, after: Signs): QueryKey[] {
  return (Object.keys(PARTS) as Sign[])
    .filter((sign) => before[sign] !== after[sign])
    .flatMap((sign) => PARTS[sign](id));
}

/** Shows a newer state of a task, and reads again what has changed with it. */
export async function showTask(queries: QueryClient, before: Task, after: Task): Promise<void> {
  const changed = listChangedParts(after.id, before, after);
  if (changed.length > 0) {
    patchCachedTask(queries, after.id, after);
  }
  await Promise.all(changed.map((queryKey) => queries.invalidateQueries({ queryKey })));
}
