import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { ApiProblem, unwrap } from "../../api/problems";
import type { ProjectDuplicate } from "../../api/types";
import { projectsKey } from "../projects/queries";

const POLL_MILLISECONDS = 1000;

interface Copy {
  /** The id of the project that is copied, which can be a template. */
  source: string;
  body: ProjectDuplicate;
}

/** Copies a project; returns the id of the new one when everything is copied. */
async function duplicateProject({ source, body }: Copy): Promise<string> {
  const path = { project_id: source };
  let job = await unwrap(
    api.POST("/api/projects/{project_id}/duplicate", {
      params: { path, header: idempotencyKey() },
      body,
    }),
  );
  while (job.status === "waiting" || job.status === "running") {
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    job = await unwrap(
      api.GET("/api/projects/{project_id}/duplicate/{copy_id}", {
        params: { path: { ...path, copy_id: job.id } },
      }),
    );
  }
  if (job.status === "failed") {
    throw new ApiProblem(409, { code: "job_failed" });
  }
  return job.project;
}

export function useDuplicateProject() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: duplicateProject,
    onSettled: () => queries.invalidateQueries({ queryKey: projectsKey }),
  });
}
