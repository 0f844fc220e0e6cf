import { queryOptions } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";

/** The second factors of the person who is logged in. */
export const factorsQuery = queryOptions({
  queryKey: ["second-factors"],
  queryFn: () => unwrap(api.GET("/api/auth/second-factors")),
});

/** Returns the kinds of second factors of an account, as a login names them. */
export function listFactors(factors: components["schemas"]["SecondFactors"]): string[] {
  return [
    ...(factors.passkeys.length > 0 ? ["passkey"] : []),
    ...(factors.totp_since !== null ? ["totp"] : []),
  ];
}
