import { useMutation } from "@tanstack/react-query";
import { useEffect, useState } from "react";

import { ApiProblem } from "../api/problems";
import { getUserId } from "../api/session";
import type { JobState } from "../api/types";
import { useJob } from "./useJob";

/**
 * A background job that the person starts here: `start` requests it, and `read` returns its state. The
 * browser remembers the last one by `name`, so that a reload shows it again.
 */
export function useStartedJob(
  name: string,
  start: () => Promise<{ id: string }>,
  read: (id: string) => Promise<JobState>,
) {
  const key = `job-${getUserId() ?? ""}-${name}`;
  const [id, setId] = useState(() => localStorage.getItem(key));
  const starting = useMutation({
    mutationFn: start,
    onSuccess: (job) => {
      localStorage.setItem(key, job.id);
      setId(job.id);
    },
  });
  const { data: job, error } = useJob(name, id, read);
  const isGone = error instanceof ApiProblem && error.status === 404;
  useEffect(() => {
    if (isGone) {
      localStorage.removeItem(key);
      setId(null);
    }
  }, [isGone, key]);
  return {
    job,
    begin: () => starting.mutate(),
    isStarting: starting.isPending,
    error: starting.error,
  };
}
