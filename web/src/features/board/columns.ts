/** The cards of the board's columns. */
import type { TaskCard, TaskPriority, TaskStatus } from "../../api/types";

export const STATUSES: TaskStatus[] = ["todo", "in_progress", "review", "done"];

const PRIORITY_RANK: Record<TaskPriority, number> = { high: 0, medium: 1, low: 2 };

/** What the cards are filtered by: one value or several with commas between them. */
export interface BoardFilter {
  assignee: string | null;
  label: string | null;
  priority: string | null;
  text: string;
}

/** Returns the cards by status: in the order of the list if it is manual, else by urgency. */
export function groupByStatus(tasks: TaskCard[], isManual = false): Record<TaskStatus, TaskCard[]> {
  const columns: Record<TaskStatus, TaskCard[]> = {
    todo: [],
    in_progress: [],
    review: [],
    done: [],
  };
  for (const task of tasks) {
    columns[task.status].push(task);
  }
  for (const status of isManual ? [] : STATUSES) {
    columns[status].sort(status === "done" ? compareCompletion : compareUrgency);
  }
  return columns;
}

/** Compares by priority, then by due date, then by age. */
function compareUrgency(left: TaskCard, right: TaskCard): number {
  return (
    PRIORITY_RANK[left.priority] - PRIORITY_RANK[right.priority] ||
    (left.due_date ?? "9999").localeCompare(right.due_date ?? "9999") ||
    left.created_at.localeCompare(right.created_at)
  );
}

/** Compares by completion, the latest first. */
function compareCompletion(left: TaskCard, right: TaskCard): number {
  return (right.completed_at ?? "9999").localeCompare(left.completed_at ?? "9999");
}

/**
 * Whether a card matches the filter: `none` stands for cards without an assignee or a label, and `me`
 * for the person with the id `me`.
 */
export function matchesFilter(task: TaskCard, filter: BoardFilter, me?: string): boolean {
  const text = filter.text.trim().toLowerCase();
  const assignees = [task.assigned_to ?? "none", ...(task.assigned_to === me ? ["me"] : [])];
  const labels = task.labels.length === 0 ? ["none"] : task.labels;
  return (
    hasOne(filter.assignee, assignees) &&
    hasOne(filter.priority, [task.priority]) &&
    hasOne(filter.label, labels) &&
    (text === "" || `${task.key} ${task.title}`.toLowerCase().includes(text))
  );
}

function hasOne(wanted: string | null, values: string[]): boolean {
  return wanted === null || wanted.split(",").some((value) => values.includes(value));
}
