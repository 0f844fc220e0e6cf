import { useQuery } from "@tanstack/react-query";

import type { JobState } from "../api/types";

const POLL_MILLISECONDS = 1000;

/** Reads a background job until it has ended; `id` is null while there is none. */
export function useJob(kind: string, id: string | null, read: (id: string) => Promise<JobState>) {
  return useQuery({
    queryKey: ["jobs", kind, id],
    enabled: id !== null,
    queryFn: () => read(id ?? ""),
    refetchInterval: ({ state }) =>
      state.data?.status === "done" || state.data?.status === "failed" ? false : POLL_MILLISECONDS,
  });
}
