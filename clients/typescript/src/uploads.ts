/** Files of tasks: straight to the storage, in one request or in parts. */

import type { components } from "./api.js";
import type { Api } from "./connections.js";
import { expect, readProblem } from "./problems.js";
import { fetchAgain } from "./retries.js";

type Schemas = components["schemas"];

export interface UploadOptions {
  /** The media type; that of the blob if absent. */
  contentType?: string;
  /** Gets the number of bytes that have been sent so far, after each request. */
  onProgress?: (sent: number) => void;
}

// The URLs of parts are valid for minutes, so they are requested in groups.
const URLS_AT_ONCE = 10;

/** Attaches the file to the task and returns the attachment, which is ready. */
export async function uploadFile(
  api: Api,
  taskId: string,
  filename: string,
  file: Blob,
  { contentType = file.type || "application/octet-stream", onProgress }: UploadOptions = {},
): Promise<Schemas["Attachment"]> {
  const announced: Schemas["FormUpload"] | Schemas["MultipartUpload"] = expect(
    await api.POST("/api/tasks/{task_id}/attachments", {
      params: { path: { task_id: taskId } },
      body: { filename, content_type: contentType, size: file.size },
    }),
  );
  const path = { task_id: taskId, attachment_id: announced.attachment.id };
  if (announced.kind === "form") {
    await sendForm(announced.upload, file, filename);
    onProgress?.(file.size);
  } else {
    await sendParts(api, path, announced.upload, file, onProgress);
  }
  const completed = await api.POST("/api/tasks/{task_id}/attachments/{attachment_id}/complete", {
    params: { path },
  });
  return expect(completed);
}

async function sendForm(form: Schemas["UploadForm"], file: Blob, name: string): Promise<void> {
  const body = new FormData();
  for (const [field, value] of Object.entries(form.fields)) {
    body.append(field, value);
  }
  body.append("file", file, name);
  await store(new Request(form.url, { method: "POST", body }));
}

async function sendParts(
  api: Api,
  path: { task_id: string; attachment_id: string },
  layout: Schemas["PartLayout"],
  file: Blob,
  onProgress: UploadOptions["onProgress"],
): Promise<void> {
  let sent = 0;
  for (let first = 1; first <= layout.part_count; first += URLS_AT_ONCE) {
    const count = Math.min(URLS_AT_ONCE, layout.part_count - first + 1);
    const numbers = Array.from({ length: count }, (_, index) => first + index);
    const page = expect(
      await api.POST("/api/tasks/{task_id}/attachments/{attachment_id}/parts", {
        params: { path },
        body: { numbers },
      }),
    );
    for (const part of page.items) {
      const start = (part.number - 1) * layout.part_size;
      const body = file.slice(start, start + part.size);
      await store(new Request(part.url, { method: "PUT", body }));
      sent += part.size;
      onProgress?.(sent);
    }
  }
}

async function store(request: Request): Promise<void> {
  const response = await fetchAgain(request);
  if (!response.ok) {
    throw await readProblem(response);
  }
}
