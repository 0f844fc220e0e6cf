/** The tokens of a login, which are renewed when the access token has expired. */

import type { Fetch } from "./retries.js";

/** The tokens of a session. `access` is valid for ten minutes; `refresh` is used once. */
export interface SessionTokens {
  access: string;
  refresh: string;
}

/** Keeps the tokens of a session, for example in a file that several processes share. */
export interface TokenStore {
  load(): SessionTokens | Promise<SessionTokens>;
  save(tokens: SessionTokens): void | Promise<void>;
}

/** Keeps the tokens of a session in this process. */
export class MemoryStore implements TokenStore {
  constructor(private tokens: SessionTokens) {}

  load(): SessionTokens {
    return this.tokens;
  }

  save(tokens: SessionTokens): void {
    this.tokens = tokens;
  }
}

/**
 * Sends the access token, and a request again with a new one when the API refuses the first.
 *
 * Several requests may refresh at once: within ten seconds, the API gives all the same new tokens.
 */
export function withSession(send: Fetch, baseUrl: string, store: TokenStore): Fetch {
  return async (request) => {
    const used = await store.load();
    const response = await send(authorize(request.clone(), used.access));
    if (response.status !== 401) {
      return response;
    }
    let current = await store.load();
    if (current.access === used.access) {
      const refreshed = await send(buildRefresh(baseUrl, used.refresh));
      if (!refreshed.ok) {
        return refreshed;
      }
      const { access, refresh } = (await refreshed.json()) as SessionTokens;
      current = { access, refresh };
      await store.save(current);
    }
    return send(authorize(request, current.access));
  };
}

/** Sends an API token. */
export function withToken(send: Fetch, token: string): Fetch {
  return (request) => send(authorize(request, token));
}

function authorize(request: Request, token: string): Request {
  request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

function buildRefresh(baseUrl: string, refresh: string): Request {
  return new Request(`${baseUrl.replace(/\/$/, "")}/api/auth/refresh`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: JSON.stringify({ refresh }),
  });
}
