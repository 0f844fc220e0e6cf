import { describe, expect, it } from "vitest";

import { listChangedParts } from "./taskParts";

const task = {
  version: 1,
  comments_count: 0,
  attachments_count: 0,
  relations_count: 0,
  open_blockers_count: 0,
  subtasks_count: 0,
};

describe("listChangedParts", () => {
  it("names nothing when the task is the same", () => {
    expect(listChangedParts("a", task, { ...task })).toEqual([]);
  });

  it("names what belongs to the fields that differ", () => {
    const after = { ...task, comments_count: 1, attachments_count: 2 };
    expect(listChangedParts("a", task, after)).toEqual([
      ["comments", "a"],
      ["attachments", "a"],
    ]);
  });

  it("names reminders and activity after a change of the task itself", () => {
    expect(listChangedParts("a", task, { ...task, version: 2 })).toEqual([
      ["reminders", "a"],
      ["activity", "a"],
    ]);
  });
});
