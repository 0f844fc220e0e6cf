/** Failures of the API as errors. */

/**
 * A response with a status of at least 400. `code` is stable; it is empty if the response is not of
 * the API. `errors` has the message of each field that is not valid. `ticket` is for the second step
 * of a login that was refused with `second_factor_required`; empty otherwise.
 */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly errors: Record<string, string>,
    readonly requestId: string,
    readonly ticket = "",
  ) {
    const fields = Object.entries(errors).map(([name, message]) => `; ${name}: ${message}`);
    super(`${status} ${code}: ${detail}${fields.join("")}`);
  }
}

/**
 * Returns the failure that the response describes (RFC 9457), or its status as a failure. The
 * response may also be that of a proxy, with any body.
 */
export async function readProblem(response: Response): Promise<ApiError> {
  const problem = toRecord(await response.json().catch(() => null));
  const text = (name: string) => (typeof problem[name] === "string" ? problem[name] : "");
  const errors = (Array.isArray(problem.errors) ? problem.errors : []).map(toRecord);
  return new ApiError(
    response.status,
    text("code"),
    text("detail") || response.statusText,
    Object.fromEntries(errors.map((each) => [String(each.location), String(each.message)])),
    text("request_id"),
    text("ticket"),
  );
}

function toRecord(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
}

/** Returns the data of an answer, which has one: a failure was thrown as an `ApiError`. */
export function expect<T>(answer: { data?: T | undefined; response: Response }): T {
  if (answer.data === undefined) {
    throw new TypeError(`the answer with status ${answer.response.status} has no data`);
  }
  return answer.data;
}
