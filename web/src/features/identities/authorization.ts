/**
 * The way to an identity provider and back to the page `/sign-in/<provider>`.
 *
 * The tab stores its purpose while it is away. The API decides whether it accepts the response.
 */
import { readNext } from "../auth/next";

/** A sign-in, which ends at the page `next`, or a link to the account of the person. */
export type Purpose = { kind: "sign-in"; next: string } | { kind: "link" };

const KEY = "authorization";

/** Leaves the client for the page of a provider. */
export function leave(purpose: Purpose, authorizationUrl: string): void {
  sessionStorage.setItem(KEY, JSON.stringify(purpose));
  location.assign(authorizationUrl);
}

/** Returns why this tab left for a provider. */
export function readPurpose(): Purpose {
  const stored = JSON.parse(sessionStorage.getItem(KEY) ?? "{}") as Partial<Purpose>;
  if (stored.kind === "link") {
    return { kind: "link" };
  }
  const next = "next" in stored && typeof stored.next === "string" ? stored.next : "/";
  return { kind: "sign-in", next: readNext(new URLSearchParams({ next })) };
}

export interface AuthorizationResponse {
  provider: string;
  state: string;
  code: string;
  iss: string | null;
}

/** Returns the authorization response in the address; null if the person or the provider refused. */
export function readResponse(
  provider: string,
  search: URLSearchParams,
): AuthorizationResponse | null {
  const [state, code] = [search.get("state"), search.get("code")];
  return state && code ? { provider, state, code, iss: search.get("iss") } : null;
}
