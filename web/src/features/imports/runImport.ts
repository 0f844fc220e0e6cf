/** Imports of files: announce, send to the bucket, start, and wait for the end. */
import { api, idempotencyKey } from "../../api/client";
import { ApiProblem, unwrap } from "../../api/problems";
import type { Import, NewImport } from "../../api/types";

const POLL_MILLISECONDS = 1000;

export interface ImportRequest {
  file: File;
  options: Omit<NewImport, "size">;
}

/** Imports a file and returns the import when it is over; reports its progress, in percent. */
export async function runImport(
  { file, options }: ImportRequest,
  signal: AbortSignal,
  onProgress: (percent: number) => void,
): Promise<Import> {
  const { id, upload } = await unwrap(
    api.POST("/api/imports", {
      params: { header: idempotencyKey() },
      body: { ...options, size: file.size },
    }),
  );
  const form = new FormData();
  for (const [name, value] of Object.entries(upload.fields)) {
    form.append(name, value);
  }
  form.append("file", file);
  const sent = await fetch(upload.url, { method: "POST", body: form, signal });
  if (!sent.ok) {
    throw new ApiProblem(sent.status, { code: "upload_failed" });
  }

  const params = { path: { import_id: id } };
  let state: Import = await unwrap(api.POST("/api/imports/{import_id}/start", { params }));
  while (state.status !== "done" && state.status !== "failed") {
    onProgress(state.progress ?? 0);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS));
    signal.throwIfAborted();
    state = await unwrap(api.GET("/api/imports/{import_id}", { params }));
  }
  return state;
}

/** Returns the URL of the file with all problems. */
export function readProblemsLink(id: string): Promise<{ url: string }> {
  return unwrap(
    api.GET("/api/imports/{import_id}/download", {
      params: { path: { import_id: id }, query: { file: "problems.csv" } },
    }),
  );
}
