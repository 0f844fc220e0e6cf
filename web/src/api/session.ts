/**
 * The session of this browser tab.
 *
 * The access token is only in memory. The refresh token is in a cookie that scripts cannot read;
 * `localStorage` remembers only whose session there may be, which tells other tabs when it ends.
 */
import createClient from "openapi-fetch";

import { ApiProblem } from "./problems";
import type { components, paths } from "./schema";

type State = "restoring" | "signed-in" | "signed-out";

interface AccessToken {
  value: string;
  expiresAt: number;
  userId: string;
}

const HINT = "has-session"; // its value is the id of the person
// The token is replaced this long before it expires, in milliseconds.
const MARGIN = 30_000;
// Milliseconds between attempts to restore a session while the API does not respond.
const FIRST_WAIT = 1000;
const MAX_WAIT = 30_000;

/** Calls routes that need no session. */
export const publicApi = createClient<paths>({ baseUrl: "" });

let state: State = "restoring";
let token: AccessToken | null = null;
let refreshing: Promise<string | null> | null = null;
const listeners = new Set<() => void>();

export function getSessionState(): State {
  return state;
}

/** Returns the id of the person who is logged in, or null. */
export function getUserId(): string | null {
  return token?.userId ?? null;
}

/** Calls `listener` when the state changes; returns a function that ends this. */
export function subscribeToSession(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setState(next: State): void {
  state = next;
  listeners.forEach((listener) => {
    listener();
  });
}

function keepToken(access: string, expiresIn: number): void {
  const userId = readSubject(access);
  token = { value: access, expiresAt: Date.now() + expiresIn * 1000, userId };
  localStorage.setItem(HINT, userId);
  setState("signed-in");
}

/** Returns the account of an access token, which is a JWT. */
function readSubject(access: string): string {
  const [, payload = ""] = access.split(".");
  const claims = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
  return (JSON.parse(claims) as { sub: string }).sub;
}

/** Forgets the session in this tab, after a logout or when the API has ended it. */
export function forgetSession(): void {
  token = null;
  localStorage.removeItem(HINT);
  setState("signed-out");
}

/**
 * Follows what other tabs of this browser do with the session, which is the same: its end is that of
 * this tab, too, and this tab shows nothing of a person in whose place another one has logged in.
 */
export function followOtherTabs(): void {
  window.addEventListener("storage", ({ key, newValue }) => {
    if (key !== HINT || token === null) {
      return;
    }
    if (newValue === null) {
      forgetSession();
    } else if (newValue !== token.userId) {
      location.reload();
    }
  });
}

/** Begins a session. Returns the result of the request, which is a problem for wrong credentials. */
export function logIn(email: string, password: string) {
  return begin(publicApi.POST("/api/auth/login", { body: { email, password, cookie: true } }));
}

/** Completes a login with the ticket of its first step. Returns the result of the request. */
export function completeLogin(
  ticket: string,
  proof: Omit<components["schemas"]["SecondStep"], "ticket" | "cookie">,
) {
  const body = { ticket, ...proof, cookie: true };
  return begin(publicApi.POST("/api/auth/login/second-factor", { body }));
}

/** Begins a session with the authorization response of a provider. Returns the result of the request. */
export function signInWithProvider(body: components["schemas"]["ProviderResponse"]) {
  return begin(publicApi.POST("/api/auth/sign-in", { body }));
}

/** Keeps the session that a request begins, and returns the result of the request. */
async function begin<R extends { data?: components["schemas"]["Tokens"] }>(
  request: Promise<R>,
): Promise<R> {
  const result = await request;
  if (result.data) {
    keepToken(result.data.access, result.data.expires_in);
  }
  return result;
}

/** Continues the session of an earlier page load, if there is one. */
export async function restoreSession(): Promise<void> {
  if (localStorage.getItem(HINT) === null) {
    setState("signed-out");
    return;
  }
  for (let wait = FIRST_WAIT; state === "restoring"; wait = Math.min(2 * wait, MAX_WAIT)) {
    try {
      await refreshAccessToken();
    } catch {
      // The API does not respond. The session may still be valid.
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** Returns an access token that is valid for a while, or null without a session. */
export async function getAccessToken(): Promise<string | null> {
  return token && token.expiresAt - MARGIN > Date.now() ? token.value : refreshAccessToken();
}

/**
 * Replaces the access token; concurrent callers share one request. Returns null when the session has
 * ended. Throws when the API does not respond.
 */
export function refreshAccessToken(): Promise<string | null> {
  refreshing ??= requestTokens().finally(() => {
    refreshing = null;
  });
  return refreshing;
}

async function requestTokens(): Promise<string | null> {
  const { data, error, response } = await publicApi.POST("/api/auth/refresh", { body: {} });
  if (data) {
    keepToken(data.access, data.expires_in);
    return data.access;
  }
  if (response.status !== 401) {
    throw new ApiProblem(response.status, error);
  }
  forgetSession();
  return null;
}
