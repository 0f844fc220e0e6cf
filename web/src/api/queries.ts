/** The cache of API responses, and how failed requests are repeated. */
import { QueryClient } from "@tanstack/react-query";

import { ApiProblem } from "./problems";

const MAX_RETRIES = 3;
// Milliseconds until a page asks again for what the API could not return.
const RECOVERY = 15_000;

/** Whether a request that has failed this often is sent again. */
export function shouldRetry(failures: number, error: Error): boolean {
  return failures < MAX_RETRIES && error instanceof ApiProblem && error.isTemporary;
}

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: shouldRetry,
      refetchInterval: ({ state: { error } }) =>
        error instanceof ApiProblem && error.isTemporary ? RECOVERY : false,
    },
  },
});

/** A page of a list, as the API returns it. */
interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

/** Reads pages until the list ends or has `most` items. */
export async function readAllPages<T>(
  readPage: (cursor: string | undefined) => Promise<Page<T>>,
  most = Infinity,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage(cursor);
    items.push(...page.items);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}
