import { expect, test } from "vitest";

import type { Notification } from "../../api/types";
import { findTarget } from "./findTarget";

const notification: Notification = {
  id: "n",
  kind: "assigned",
  is_read: false,
  created_at: "2026-11-30T00:00:00.000Z",
  project: { id: "p", name: "Launch" },
  task: { id: "t", title: "Plan" },
  actor: null,
  comment_id: null,
  excerpt: null,
  report_id: null,
};
const gone = { project: null, task: null };

test("a notification leads to what it is about", () => {
  expect(findTarget(notification)).toBe("/tasks/t");
  expect(findTarget({ ...notification, kind: "overdue", ...gone })).toBe("/tasks?due=overdue");
  const report = { ...notification, kind: "weekly_report" as const, task: null, report_id: "r" };
  expect(findTarget(report)).toBe("/projects/p/reports/r");
});

test("a notification about what cannot be read leads nowhere", () => {
  expect(findTarget({ ...notification, ...gone })).toBeNull();
  expect(findTarget({ ...notification, kind: "weekly_report", ...gone })).toBeNull();
});
