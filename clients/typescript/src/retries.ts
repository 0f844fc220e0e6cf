/** Requests that are sent again after a failure that passes. */

export type Fetch = (request: Request) => Promise<Response>;

const ATTEMPTS = 4;
/** The longest Retry-After, in seconds, that is waited for. A longer one is left to the caller. */
const MAX_WAIT = 60;
const SAFE_METHODS = ["GET", "HEAD", "PUT", "DELETE"];

/**
 * Sends the request again after 429 and 503, after the seconds of `Retry-After`.
 *
 * After a lost answer or 504, the request may have been carried out. It is sent again if that
 * changes nothing: a safe or idempotent method, or one with an `Idempotency-Key`.
 */
export async function fetchAgain(request: Request): Promise<Response> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    const response = await fetch(request.clone()).catch((error: unknown) => {
      if (!isRepeatable(request)) {
        throw error;
      }
    });
    const isLost = response === undefined || (response.status === 504 && isRepeatable(request));
    if (response && !isLost && response.status !== 429 && response.status !== 503) {
      return response;
    }
    const seconds = readWait(response, attempt);
    if (response && seconds > MAX_WAIT) {
      return response;
    }
    await response?.body?.cancel();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  }
  return fetch(request);
}

function isRepeatable(request: Request): boolean {
  return SAFE_METHODS.includes(request.method) || request.headers.has("Idempotency-Key");
}

/** Returns the seconds of `Retry-After`; without it they grow with each attempt. */
function readWait(response: Response | void, attempt: number): number {
  const seconds = response?.headers.get("Retry-After") ?? "";
  return /^\d+$/.test(seconds) ? Number(seconds) : (0.5 + Math.random() / 2) * 2 ** (attempt - 1);
}
