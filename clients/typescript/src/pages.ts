/** Lists to their end. */

import { expect } from "./problems.js";

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

type Answer<T> = Promise<{ data?: Page<T> | undefined; response: Response }>;

/**
 * Yields each item of a list. `requestPage` gets the query of one page after the other:
 *
 *     iterate((page) => api.GET("/api/tasks", { params: { query: { project, ...page } } }))
 */
export async function* iterate<T>(
  requestPage: (page: { limit: number; cursor?: string }) => Answer<T>,
): AsyncGenerator<T> {
  let cursor: string | null = null;
  do {
    const page: Page<T> = expect(await requestPage({ limit: 100, ...(cursor && { cursor }) }));
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== null);
}
