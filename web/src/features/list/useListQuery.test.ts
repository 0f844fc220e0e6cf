import { describe, expect, it } from "vitest";

import { buildQuery } from "./useListQuery";

describe("buildQuery", () => {
  it("sends the filters and the order of an address", () => {
    const search = new URLSearchParams("status=todo,review&overdue=true&ordering=rank&task=A-1");
    expect(buildQuery(search)).toEqual({
      status: ["todo", "review"],
      overdue: true,
      ordering: "rank",
    });
    expect(buildQuery(new URLSearchParams("task=A-1"))).toEqual({});
  });
});
