/** What to do when a task has changed since the person saw it. */
import type { Task, TaskPatch } from "../../api/types";

type Field = keyof TaskPatch;
/** The fields of a task as the person saw them. Lists of tasks do not contain all. */
export type SeenTask = Partial<Task> & Pick<Task, "id" | "version">;

/** A field that the person and somebody else have changed to different values. */
export interface FieldConflict {
  field: Field;
  mine: TaskPatch[Field];
  theirs: TaskPatch[Field];
}

/**
 * Returns the fields of `patch` that have changed since `seen` and differ from `current`.
 *
 * Without such fields, `patch` can be sent again: it overwrites nothing that the person has not seen.
 */
export function findConflicts(seen: SeenTask, patch: TaskPatch, current: Task): FieldConflict[] {
  return (Object.keys(patch) as Field[])
    .filter((field) => {
      const hasChanged = !isSame(seen[field], current[field]);
      return hasChanged && !isSame(patch[field], current[field]);
    })
    .map((field) => ({ field, mine: patch[field], theirs: current[field] }));
}

function isSame(left: unknown, right: unknown): boolean {
  return normalize(left) === normalize(right);
}

/** The order of labels has no meaning. */
function normalize(value: unknown): string {
  return JSON.stringify(Array.isArray(value) ? [...(value as string[])].sort() : (value ?? null));
}
