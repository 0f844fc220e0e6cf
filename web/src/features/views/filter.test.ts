import { describe, expect, it } from "vitest";

import type { View } from "../../api/types";
import { hasOverrides, overrideView, readFilter, resolveSearch, withoutFilters } from "./filter";

const VIEW: View = {
  id: "v",
  project: null,
  name: "Mine",
  filter: { status: ["todo", "review"], overdue: true, label: null, q: "plan" },
  ordering: "due_date",
  created_by: "u",
  created_at: "2026-11-22T09:00:00.000Z",
  updated_at: "2026-11-22T09:00:00.000Z",
  version: 1,
};
const read = (text: string) => new URLSearchParams(text);

describe("readFilter", () => {
  it("ignores parameters of other parts of the page and empty ones", () => {
    expect(readFilter(read("status=todo,done&task=A-1&priority=&q=plan"))).toEqual({
      status: ["todo", "done"],
      q: "plan",
    });
  });

  it("reads truth values", () => {
    expect(readFilter(read("overdue=true&blocked=false"))).toEqual({
      overdue: true,
      blocked: false,
    });
  });
});

describe("resolveSearch", () => {
  it("fills in the view, and reads back the same filter", () => {
    const resolved = resolveSearch(read("view=v&task=t"), VIEW);
    expect(readFilter(resolved)).toEqual({ status: ["todo", "review"], overdue: true, q: "plan" });
    expect([resolved.get("ordering"), resolved.get("task")]).toEqual(["due_date", "t"]);
  });

  it("prefers the address, in which an empty parameter removes that of the view", () => {
    const resolved = resolveSearch(read("view=v&status=done&q="), VIEW);
    expect(readFilter(resolved)).toEqual({ status: ["done"], overdue: true });
  });

  it("is the address without a view", () => {
    expect(resolveSearch(read("q=a&priority="), undefined).toString()).toBe("q=a");
  });
});

describe("overrideView", () => {
  it("writes only what differs from the view", () => {
    expect(overrideView({ q: "plan", status: null, priority: "high" }, VIEW)).toEqual({
      q: null,
      status: "",
      priority: "high",
    });
    expect(overrideView({ q: null, label: "l" }, undefined)).toEqual({ q: null, label: "l" });
  });
});

describe("hasOverrides", () => {
  it("finds filters and the order, and nothing else", () => {
    expect(hasOverrides(read("view=v&task=t&month=2026-12"))).toBe(false);
    expect(hasOverrides(read("view=v&ordering=rank"))).toBe(true);
    expect(withoutFilters(read("view=v&q=&ordering=rank")).toString()).toBe("view=v");
  });
});
