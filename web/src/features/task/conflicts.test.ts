import { describe, expect, it } from "vitest";

import type { Task } from "../../api/types";
import { findConflicts } from "./conflicts";

const SEEN: Task = {
  id: "t1",
  key: "A-1",
  project: "p1",
  title: "Plan",
  status: "todo",
  priority: "medium",
  assigned_to: null,
  due_date: null,
  start_date: null,
  labels: ["l1", "l2"],
  parent: null,
  description: "",
  comments_count: 0,
  attachments_count: 0,
  subtasks_count: 0,
  created_by: "u1",
  created_at: "2026-11-22T09:00:00.000Z",
  updated_at: "2026-11-22T09:00:00.000Z",
  completed_at: null,
  rrule: null,
  repeat_from: null,
  next_task: null,
  rank: "t1",
  relations_count: 0,
  open_blockers_count: 0,
  version: 1,
};

describe("findConflicts", () => {
  it("finds a field that both have changed", () => {
    const current: Task = { ...SEEN, title: "Theirs", version: 2 };
    expect(findConflicts(SEEN, { title: "Mine" }, current)).toEqual([
      { field: "title", mine: "Mine", theirs: "Theirs" },
    ]);
  });

  it("finds nothing when they changed another field", () => {
    const current: Task = { ...SEEN, priority: "high", version: 2 };
    expect(findConflicts(SEEN, { title: "Mine" }, current)).toEqual([]);
  });

  it("finds nothing when both made the same change", () => {
    const current: Task = { ...SEEN, status: "done", version: 2 };
    expect(findConflicts(SEEN, { status: "done" }, current)).toEqual([]);
  });

  it("ignores the order of labels", () => {
    const current: Task = { ...SEEN, labels: ["l2", "l1"], version: 2 };
    expect(findConflicts(SEEN, { labels: ["l3"] }, current)).toEqual([]);
  });

  it("counts a field that a list does not contain as changed", () => {
    const card = { id: "t1", version: 1 };
    const current: Task = { ...SEEN, description: "Theirs", version: 2 };
    expect(findConflicts(card, { description: "Mine" }, current)).toHaveLength(1);
  });
});
