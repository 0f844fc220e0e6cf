/** Clients of the API: with an API token, or with a session. */

import createClient, { type Client } from "openapi-fetch";

import type { paths } from "./api.js";
import { ApiError, expect, readProblem } from "./problems.js";
import { fetchAgain, type Fetch } from "./retries.js";
import { MemoryStore, type TokenStore, withSession, withToken } from "./sessions.js";

/**
 * The client of `openapi-fetch` with the paths of the API.
 *
 * It throws an `ApiError` for every failure, repeats requests (see `fetchAgain`) and gives each
 * `POST` an `Idempotency-Key`, so that a repeated one creates nothing twice.
 */
export type Api = Client<paths>;

/** Returns a client with an API token. `baseUrl` is the address of the API without `/api`. */
export function connect(baseUrl: string, token: string): Api {
  return open(baseUrl, withToken(fetchAgain, token));
}

/**
 * Logs in and returns a client that renews its access token. For an account with a second factor,
 * `askCode` returns a code of the authenticator app or a recovery code.
 */
export async function logIn(
  baseUrl: string,
  email: string,
  password: string,
  askCode?: () => Promise<string>,
): Promise<Api> {
  const anonymous = open(baseUrl, fetchAgain);
  const answer = await anonymous
    .POST("/api/auth/login", { body: { email, password } })
    .catch(async (error: unknown) => {
      if (!(error instanceof ApiError) || error.code !== "second_factor_required" || !askCode) {
        throw error;
      }
      return completeLogin(anonymous, error.ticket, (await askCode()).trim());
    });
  const { access, refresh } = expect(answer);
  return resume(baseUrl, new MemoryStore({ access, refresh: refresh ?? "" }));
}

/** Codes of apps have six digits; recovery codes look otherwise. */
function completeLogin(anonymous: Api, ticket: string, code: string) {
  const proof = /^[0-9]{6}$/.test(code) ? { code } : { recovery_code: code };
  return anonymous.POST("/api/auth/login/second-factor", { body: { ticket, ...proof } });
}

/** Returns a client for the session whose tokens are in `store`, which gets renewed ones. */
export function resume(baseUrl: string, store: TokenStore): Api {
  return open(baseUrl, withSession(fetchAgain, baseUrl, store));
}

function open(baseUrl: string, send: Fetch): Api {
  return createClient<paths>({
    baseUrl,
    fetch: async (request) => {
      if (request.method === "POST" && !request.headers.has("Idempotency-Key")) {
        request.headers.set("Idempotency-Key", crypto.randomUUID());
      }
      const response = await send(request);
      if (response.status >= 400) {
        throw await readProblem(response);
      }
      return response;
    },
  });
}
