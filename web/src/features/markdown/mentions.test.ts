import { describe, expect, it } from "vitest";

import { findMention, suggestMembers } from "./mentions";

describe("findMention", () => {
  it("finds the name before the caret", () => {
    expect(findMention("Ask @an please", 7)).toEqual({ start: 4, query: "an" });
    expect(findMention("@", 1)).toEqual({ start: 0, query: "" });
    expect(findMention("**@zoë", 6)).toEqual({ start: 2, query: "zoë" });
  });

  it("is no mention inside an address or after a space", () => {
    expect(findMention("jo@kim", 6)).toBeNull();
    expect(findMention("@ann is", 7)).toBeNull();
    expect(findMention("@ann", 0)).toBeNull();
  });
});

describe("suggestMembers", () => {
  const ann = { user_id: "1", username: "ann", display_name: "Ann Miller" };
  const bob = { user_id: "2", username: "bob", display_name: "" };

  it("compares the username and each word of the name, in any case", () => {
    expect(suggestMembers([ann, bob], "AN")).toEqual([ann]);
    expect(suggestMembers([ann, bob], "mil")).toEqual([ann]);
    expect(suggestMembers([ann, bob], "")).toEqual([ann, bob]);
    expect(suggestMembers([ann, bob], "ob")).toEqual([]);
  });
});
