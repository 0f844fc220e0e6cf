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

interface Problem {
  code?: string;
  detail?: string;
  errors?: { location: string; message: string }[];
  request_id?: string;
  ticket?: string;
}

/** Returns the failure that the response describes (RFC 9457), or its status as a failure. */
export async function readProblem(response: Response): Promise<ApiError> {
  const problem = (await response.json().catch(() => ({}))) as Problem;
  const errors = (problem.errors ?? []).map(({ location, message }) => [location, message]);
  return new ApiError(
    response.status,
    problem.code ?? "",
    problem.detail ?? response.statusText,
    Object.fromEntries(errors) as Record<string, string>,
    problem.request_id ?? "",
    problem.ticket ?? "",
  );
}

/** Returns the data of an answer, which has one: a failure was thrown as an `ApiError`. */
export function expect<T>(answer: { data?: T | undefined; response: Response }): T {
  if (answer.data === undefined) {
    throw new TypeError(`the answer with status ${answer.response.status} has no data`);
  }
  return answer.data;
}
