import type { Active, Over } from "@dnd-kit/core";
import { describe, expect, it } from "vitest";

import { buildAnnouncements } from "./announcements";

const rectAt = (top: number) => ({ top, height: 40, left: 0, width: 1, bottom: 0, right: 0 });

function drag(top: number): { active: Active; over: Over } {
  const rect = { current: { initial: null, translated: rectAt(top) } };
  return {
    active: { id: "a", data: { current: {} }, rect },
    over: { id: "b", data: { current: { group: "todo" } }, rect: rectAt(100), disabled: false },
  };
}

describe("buildAnnouncements", () => {
  const tasks = [
    { id: "a", title: "Plan" },
    { id: "b", title: "Build" },
  ];
  const says = buildAnnouncements(tasks, (id) => (id === "todo" ? "To do" : undefined));

  it("says on which side of another task a task is moved and dropped", () => {
    expect(says.onDragOver(drag(98))).toBe("Over To do, before Build.");
    expect(says.onDragMove?.(drag(102))).toBe("Over To do, after Build.");
    expect(says.onDragEnd(drag(102))).toBe("Plan is in To do, after Build.");
  });

  it("does not interrupt the message that a task is picked up", () => {
    const { active, over } = drag(98);
    active.rect.current.initial = rectAt(98);
    expect(says.onDragStart({ active })).toBe("Picked up Plan.");
    expect(says.onDragOver({ active, over })).toBeUndefined();
    active.rect.current.initial = rectAt(40);
    expect(says.onDragOver({ active, over })).toBe("Over To do, before Build.");
  });

  it("names only the column where the order is not by hand", () => {
    const { active, over } = drag(98);
    const column = { ...over, id: "todo", data: { current: undefined } } as Over;
    expect(says.onDragOver({ active, over: column })).toBe("Over To do.");
  });
});
