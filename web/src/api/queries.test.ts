import { QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, expect, it, vi } from "vitest";

import { ApiProblem } from "./problems";
import { queryClient } from "./queries";

// Without a window, TanStack Query takes itself to be on a server, where it repeats nothing.
vi.hoisted(() => vi.stubGlobal("window", {}));

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  queryClient.clear();
  vi.useRealTimers();
});

/** Shows what each of the requests in turn returns or throws, for a minute. */
async function watch(...results: (string | ApiProblem)[]) {
  // eslint-disable-next-line @typescript-eslint/require-await -- what a request throws is a rejection
  const read = vi.fn(async () => {
    const result = results.shift();
    if (result instanceof ApiProblem) {
      throw result;
    }
    return result;
  });
  const observer = new QueryObserver(queryClient, { queryKey: ["page"], queryFn: read });
  const stop = observer.subscribe(() => undefined);
  await vi.advanceTimersByTimeAsync(60_000);
  stop();
  return { ...observer.getCurrentResult(), requests: read.mock.calls.length };
}

it("shows a page again when the API responds again", async () => {
  const down = new ApiProblem(503, { code: "unavailable" });
  const { data, requests } = await watch(down, down, down, down, "back");
  expect(data).toBe("back");
  expect(requests).toBe(5);
});

it("does not repeat what is not allowed", async () => {
  const { error, requests } = await watch(new ApiProblem(403, { code: "forbidden" }));
  expect(error).toMatchObject({ status: 403 });
  expect(requests).toBe(1);
});
