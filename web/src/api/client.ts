/** The typed client of the API, for callers with a session. */
import createClient from "openapi-fetch";

import type { paths } from "./schema";
import { getAccessToken, refreshAccessToken } from "./session";
import { needsStepUp, requestStepUp } from "./stepUp";

export const api = createClient<paths>({ baseUrl: "", fetch: fetchWithSession });

async function fetchWithSession(request: Request): Promise<Response> {
  const proved = request.clone();
  const response = await fetchWithToken(request);
  if ((await needsStepUp(response)) && (await requestStepUp())) {
    return fetchWithToken(proved);
  }
  return response;
}

async function fetchWithToken(request: Request): Promise<Response> {
  const again = request.clone();
  const response = await fetch(authorize(request, await getAccessToken()));
  if (response.status !== 401) {
    return response;
  }
  // The signing key may have changed, or the computer's clock is wrong.
  const token = await refreshAccessToken();
  return token === null ? response : fetch(authorize(again, token));
}

function authorize(request: Request, token: string | null): Request {
  if (token !== null) {
    request.headers.set("Authorization", `Bearer ${token}`);
  }
  return request;
}

/**
 * Returns the headers of a change that must not overwrite a change by somebody else.
 *
 * Lists have no ETag, and the API compares only the version in it, so the digest is filled up.
 */
export function ifMatch(version: number): { "If-Match": string } {
  return { "If-Match": `"${version}-0000000000000000"` };
}

/** Returns the header with which a repeated create counts once. */
export function idempotencyKey(key: string = crypto.randomUUID()): { "Idempotency-Key": string } {
  return { "Idempotency-Key": key };
}
