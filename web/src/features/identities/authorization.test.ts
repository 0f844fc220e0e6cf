import { beforeEach, expect, test, vi } from "vitest";

import { leave, readResponse, readPurpose } from "./authorization";

const assign = vi.fn();

beforeEach(() => {
  const stored = new Map<string, string>();
  vi.stubGlobal("sessionStorage", {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
  });
  vi.stubGlobal("location", { assign });
});

test("a tab remembers why it left", () => {
  leave({ kind: "sign-in", next: "/tasks" }, "https://provider.example/");
  expect(assign).toHaveBeenCalledWith("https://provider.example/");
  expect(readPurpose()).toEqual({ kind: "sign-in", next: "/tasks" });
  leave({ kind: "link" }, "https://provider.example/");
  expect(readPurpose()).toEqual({ kind: "link" });
});

test("a sign-in never ends at another site", () => {
  leave({ kind: "sign-in", next: "//evil.example" }, "https://provider.example/");
  expect(readPurpose()).toEqual({ kind: "sign-in", next: "/" });
});

test("a tab that did not leave signs in", () => {
  expect(readPurpose()).toEqual({ kind: "sign-in", next: "/" });
});

test("a response has a state and a code", () => {
  const read = (search: string) => readResponse("local", new URLSearchParams(search));
  expect(read("state=s&code=c")).toEqual({ provider: "local", state: "s", code: "c", iss: null });
  expect(read("state=s&code=c&iss=i")?.iss).toBe("i");
  expect(read("state=s&error=access_denied")).toBeNull();
});
