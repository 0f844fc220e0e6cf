/** Requests with a body that is large: with progress, with an end, and again after a failure. */
import { ApiProblem } from "../../api/problems";

const TRIES = 4;

/** Does `action` up to four times, with longer and longer pauses. */
export async function retry(signal: AbortSignal, action: () => Promise<void>): Promise<void> {
  for (let count = 1; ; count += 1) {
    try {
      await action();
      return;
    } catch (error) {
      if (signal.aborted || count === TRIES) {
        throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** count));
    }
  }
}

/** Sends a body with `XMLHttpRequest`, because `fetch` reports no progress. */
export function send(
  method: string,
  url: string,
  body: Blob | FormData,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = new XMLHttpRequest();
    const fail = () => reject(new ApiProblem(request.status, { code: "upload_failed" }));
    request.open(method, url);
    request.upload.onprogress = ({ loaded }) => onProgress(loaded);
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        resolve();
      } else {
        fail();
      }
    };
    request.onerror = fail;
    request.onabort = fail;
    signal.addEventListener("abort", () => request.abort(), { once: true });
    request.send(body);
  });
}
