/** How changes by others come into what the client has already. */
import type { Change, TaskCard } from "../../api/types";

/**
 * Returns `tasks` with the newer versions in `changed`, and with the tasks that it does not contain.
 * Returns the same list when there is nothing new.
 */
export function mergeNewer(tasks: TaskCard[], changed: TaskCard[]): TaskCard[] {
  const known = new Map(tasks.map((task) => [task.id, task]));
  const newer = changed.filter(({ id, version }) => version > (known.get(id)?.version ?? 0));
  if (newer.length === 0) {
    return tasks;
  }
  const replaced = new Map(newer.map((task) => [task.id, task]));
  const added = newer.filter(({ id }) => !known.has(id));
  return [...added, ...tasks.map((task) => replaced.get(task.id) ?? task)];
}

/**
 * Returns the changes that are not in `seen`, and remembers them there. The feed returns each change
 * again for a minute.
 */
export function takeNew(changes: Change[], seen: Map<string, string>): Change[] {
  return changes.filter((change) => {
    const state = change.kind === "deleted" ? change.at : String(change.version);
    const isNew = seen.get(change.id) !== state;
    seen.set(change.id, state);
    return isNew;
  });
}
