import { describe, expect, it } from "vitest";

import { readNext, withNext } from "./next";

describe("readNext", () => {
  it.each(["/tasks/1", "/invitation?token=a.b", "/"])("returns the own path %s", (path) => {
    expect(readNext(new URLSearchParams({ next: path }))).toBe(path);
  });

  it.each(["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", ""])(
    "returns the start page instead of %s",
    (path) => {
      expect(readNext(new URLSearchParams({ next: path }))).toBe("/");
    },
  );
});

describe("withNext", () => {
  it("keeps the query of the path", () => {
    const link = withNext("/login", "/invitation?token=a");
    expect(readNext(new URL(link, "http://x").searchParams)).toBe("/invitation?token=a");
  });

  it("leaves out the start page", () => {
    expect(withNext("/login", "/")).toBe("/login");
  });
});
