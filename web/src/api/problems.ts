/** Failures of requests, as one kind of error. */
import type { Problem } from "./types";

/** A failed request. `status` is 0 when the API did not respond at all. */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** Messages by the name of the field. */
  readonly fields: Record<string, string>;
  /** What the second step of a login needs: the ticket, and the kinds of second factors. */
  readonly secondStep: { ticket: string; factors: string[] } | undefined;

  constructor(status: number, problem: Partial<Problem> & { ticket?: string; factors?: string[] }) {
    super(problem.detail ?? problem.title ?? "");
    this.name = "ApiProblem";
    this.status = status;
    this.code = problem.code ?? "unknown";
    const { ticket, factors = [] } = problem;
    this.secondStep = ticket === undefined ? undefined : { ticket, factors };
    this.fields = Object.fromEntries(
      (problem.errors ?? []).map(({ location, message }) => [location, message]),
    );
  }

  /** Whether the same request may succeed a moment later. */
  get isTemporary(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

interface Result {
  data?: unknown;
  error?: unknown;
  response: Response;
}

/** Returns the data of a response. Throws `ApiProblem` for a failure. */
export async function unwrap<R extends Result>(
  pending: Promise<R>,
): Promise<Exclude<R["data"], undefined>> {
  let result: R;
  try {
    result = await pending;
  } catch (error) {
    if (error instanceof TypeError) {
      throw new ApiProblem(0, { code: "offline", detail: error.message });
    }
    throw error;
  }
  if (!result.response.ok) {
    throw new ApiProblem(result.response.status, result.error ?? {});
  }
  return result.data as Exclude<R["data"], undefined>;
}

export function isProblem(error: unknown, code: string): boolean {
  return error instanceof ApiProblem && error.code === code;
}
