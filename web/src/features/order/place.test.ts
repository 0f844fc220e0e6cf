import { describe, expect, it } from "vitest";

import { moveInList } from "./place";

const [a, b, c] = [{ id: "a" }, { id: "b" }, { id: "c" }];

describe("moveInList", () => {
  it("moves an item directly after or before another", () => {
    expect(moveInList([a, b, c], a, { after: "b" })).toEqual([b, a, c]);
    expect(moveInList([a, b, c], c, { before: "a" })).toEqual([c, a, b]);
    expect(moveInList([a, b, c], a, { before: "b" })).toEqual([a, b, c]);
  });

  it("adds an item that comes from another list, and removes one that goes there", () => {
    expect(moveInList([a, b], c, { after: "a" })).toEqual([a, c, b]);
    expect(moveInList([a, b], a, { after: "c" })).toEqual([b]);
  });
});
