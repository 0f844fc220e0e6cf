import { describe, expect, it } from "vitest";

import type { Change, TaskCard } from "../../api/types";
import { mergeNewer, takeNew } from "./merge";

const card = (id: string, version: number) => ({ id, version }) as TaskCard;
const changed = (id: string, version: number) => ({ kind: "task", id, version }) as Change;
const deleted = (id: string, at: string) => ({ kind: "deleted", what: "task", id, at }) as Change;

describe("mergeNewer", () => {
  it("replaces older versions and adds new tasks", () => {
    const merged = mergeNewer([card("a", 1), card("b", 3)], [card("a", 2), card("c", 1)]);
    expect(merged.map(({ id, version }) => `${id}${version}`)).toEqual(["c1", "a2", "b3"]);
  });

  it("keeps what is newer here than there", () => {
    const tasks = [card("a", 2)];
    expect(mergeNewer(tasks, [card("a", 1), card("a", 2)])).toBe(tasks);
  });
});

describe("takeNew", () => {
  it("returns each change once, and a later one of the same task again", () => {
    const seen = new Map<string, string>();
    expect(takeNew([changed("a", 1), deleted("b", "9:00")], seen)).toHaveLength(2);
    expect(takeNew([changed("a", 1), deleted("b", "9:00")], seen)).toEqual([]);
    expect(takeNew([changed("a", 2)], seen)).toEqual([changed("a", 2)]);
    expect(takeNew([deleted("a", "9:01")], seen)).toHaveLength(1);
  });
});
