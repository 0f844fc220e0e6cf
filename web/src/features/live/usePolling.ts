import { useIdle } from "@mantine/hooks";
import { type QueryKey, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

const POLL_MILLISECONDS = 1500;
// While nobody has used the page for two minutes.
const IDLE_MILLISECONDS = 120_000;
const IDLE_POLL_MILLISECONDS = 10_000;
const MAX_POLL_MILLISECONDS = 60_000;
// A live connection says when to ask, but not when it has missed an event.
const CONNECTED_POLL_MILLISECONDS = 30_000;

interface Options {
  isEnabled: boolean;
  /** Whether a live connection says when to ask. */
  isConnected?: boolean;
}

/**
 * Calls `read` regularly while the page is visible, more often while it is used, and with what it
 * returned the last time. After failures it waits longer each time. Returns a function that calls it
 * at once if the page is visible.
 */
export function usePolling<T>(
  queryKey: QueryKey,
  { isEnabled, isConnected = false }: Options,
  read: (before: T | undefined) => Promise<T>,
): () => void {
  const queries = useQueryClient();
  const isIdle = useIdle(IDLE_MILLISECONDS, { initialState: false });
  const poll = isIdle ? IDLE_POLL_MILLISECONDS : POLL_MILLISECONDS;
  const failures = useRef(0); // since the last success; a query counts those of one fetch only
  const { refetch } = useQuery({
    queryKey,
    enabled: isEnabled,
    retry: false,
    staleTime: 0,
    gcTime: 0,
    refetchInterval: () =>
      // While the person's own change is on its way, what others do is not shown yet.
      isConnected && failures.current === 0 && queries.isMutating() === 0
        ? CONNECTED_POLL_MILLISECONDS
        : Math.min(poll * 2 ** failures.current, MAX_POLL_MILLISECONDS),
    queryFn: async () => {
      failures.current += 1;
      const result = await read(queries.getQueryData<T>(queryKey));
      failures.current = 0;
      return result;
    },
  });
  return () => {
    if (document.visibilityState === "visible") {
      void refetch();
    }
  };
}
