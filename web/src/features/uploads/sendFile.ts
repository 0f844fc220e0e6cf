/** Uploads of files, straight from the browser to the bucket. */
import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { retry, send } from "./transfer";

export interface Transfer {
  /** Gets the sent part of the file, from 0 to 1. */
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

export type Path = Record<"attachment_id" | "task_id", string>;

interface Announced {
  path: Path;
  /** Whether the upload can be continued later. */
  isResumable: boolean;
  sendBytes: (transfer: Transfer) => Promise<void>;
}

const PARALLEL_PARTS = 3;

/** Announces a file to a task. */
export async function announce(taskId: string, file: File): Promise<Announced> {
  const { attachment, ...started } = await unwrap(
    api.POST("/api/tasks/{task_id}/attachments", {
      params: { path: { task_id: taskId }, header: idempotencyKey() },
      body: {
        filename: file.name,
        content_type: file.type || "application/octet-stream",
        size: file.size,
      },
    }),
  );
  const path = { task_id: taskId, attachment_id: attachment.id };
  if (started.kind === "parts") {
    return { path, isResumable: true, sendBytes: (transfer) => sendParts(path, file, transfer) };
  }
  const { url, fields } = started.upload;
  return {
    path,
    isResumable: false,
    sendBytes: ({ signal, onProgress }) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) {
        form.append(name, value);
      }
      form.append("file", file);
      return send("POST", url, form, signal, (bytes) =>
        onProgress(Math.min(1, bytes / Math.max(file.size, 1))),
      );
    },
  };
}

/** Ends an upload whose bytes have arrived. */
export async function complete(path: Path): Promise<void> {
  await unwrap(
    api.POST("/api/tasks/{task_id}/attachments/{attachment_id}/complete", { params: { path } }),
  );
}

/** Deletes an upload that is not complete, with the parts that have arrived. */
export async function discard(path: Path): Promise<void> {
  await unwrap(
    api.DELETE("/api/tasks/{task_id}/attachments/{attachment_id}", { params: { path } }),
  );
}

/** Sends the parts of a file that S3 does not have yet, each again after a failure. */
export async function sendParts(
  path: Path,
  file: File,
  { signal, onProgress }: Transfer,
): Promise<void> {
  const stored = await unwrap(
    api.GET("/api/tasks/{task_id}/attachments/{attachment_id}/parts", { params: { path } }),
  );
  const sent = new Map(stored.items.map(({ number, size }) => [number, size]));
  const numbers = Array.from({ length: stored.part_count }, (_, index) => index + 1);
  const waiting = numbers.filter((number) => !sent.has(number));

  function report(number: number, bytes: number) {
    sent.set(number, bytes);
    const total = [...sent.values()].reduce((sum, each) => sum + each, 0);
    onProgress(Math.min(1, total / file.size));
  }

  async function sendNext(): Promise<void> {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) {
      const part = number;
      const begin = (part - 1) * stored.part_size;
      const bytes = file.slice(begin, begin + stored.part_size);
      await retry(signal, async () => {
        // A new URL for each try: a URL expires after 15 minutes.
        const { items } = await unwrap(
          api.POST("/api/tasks/{task_id}/attachments/{attachment_id}/parts", {
            params: { path },
            body: { numbers: [part] },
          }),
        );
        await send("PUT", items[0]?.url ?? "", bytes, signal, (count) => report(part, count));
      });
    }
  }

  await Promise.all(Array.from({ length: PARALLEL_PARTS }, sendNext));
}
