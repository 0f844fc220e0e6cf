import { describe, expect, it } from "vitest";

import type { TaskCard } from "../../api/types";
import { groupByStatus, matchesFilter } from "./columns";

function card(changes: Partial<TaskCard>): TaskCard {
  return {
    id: "t",
    key: "A-1",
    project: "p",
    title: "Plan",
    status: "todo",
    priority: "medium",
    assigned_to: null,
    due_date: null,
    labels: [],
    parent: null,
    comments_count: 0,
    attachments_count: 0,
    subtasks_count: 0,
    created_by: "u",
    created_at: "2026-11-22T09:00:00.000Z",
    updated_at: "2026-11-22T09:00:00.000Z",
    completed_at: null,
    version: 1,
    ...changes,
  };
}

describe("groupByStatus", () => {
  it("sorts open tasks by priority, then by due date", () => {
    const { todo } = groupByStatus([
      card({ key: "A-1" }),
      card({ key: "A-2", due_date: "2026-12-02" }),
      card({ key: "A-3", due_date: "2026-12-01T10:00:00Z" }),
      card({ key: "A-4", priority: "high" }),
    ]);
    expect(todo.map(({ key }) => key)).toEqual(["A-4", "A-3", "A-2", "A-1"]);
  });

  it("shows the task that was completed last first", () => {
    const { done } = groupByStatus([
      card({ key: "A-1", status: "done", completed_at: "2026-11-22T09:00:00.000Z" }),
      card({ key: "A-2", status: "done", completed_at: "2026-11-23T09:00:00.000Z" }),
    ]);
    expect(done.map(({ key }) => key)).toEqual(["A-2", "A-1"]);
  });
});

describe("groupByStatus in the manual order", () => {
  it("keeps the order of the list", () => {
    const tasks = [card({ key: "A-1" }), card({ key: "A-2", priority: "high" })];
    expect(groupByStatus(tasks, true).todo.map(({ key }) => key)).toEqual(["A-1", "A-2"]);
  });
});

describe("matchesFilter", () => {
  const all = { assignee: null, label: null, priority: null, text: "" };

  it("matches everything without a filter", () => {
    expect(matchesFilter(card({}), all)).toBe(true);
  });

  it("finds tasks without an assignee", () => {
    expect(matchesFilter(card({}), { ...all, assignee: "none" })).toBe(true);
    expect(matchesFilter(card({ assigned_to: "u" }), { ...all, assignee: "none" })).toBe(false);
  });

  it("finds cards with one of several values, and those of the person", () => {
    expect(matchesFilter(card({}), { ...all, priority: "high,medium" })).toBe(true);
    expect(matchesFilter(card({}), { ...all, label: "a,none" })).toBe(true);
    expect(matchesFilter(card({ assigned_to: "u" }), { ...all, assignee: "me" }, "u")).toBe(true);
    expect(matchesFilter(card({ assigned_to: "v" }), { ...all, assignee: "me" }, "u")).toBe(false);
    expect(matchesFilter(card({}), { ...all, assignee: "me" }, undefined)).toBe(false);
  });

  it("finds a part of the key or the title in any case", () => {
    expect(matchesFilter(card({}), { ...all, text: "a-1" })).toBe(true);
    expect(matchesFilter(card({}), { ...all, text: "LAN" })).toBe(true);
    expect(matchesFilter(card({}), { ...all, text: "other" })).toBe(false);
  });
});
