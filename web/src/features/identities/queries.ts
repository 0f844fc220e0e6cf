/** What the API knows of identity providers and of the person's identities. */
import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";
import { publicApi } from "../../api/session";

export type IdentityProvider = components["schemas"]["IdentityProvider"];

export const identitiesKey = ["identities"] as const;

/** Returns the identity providers of this service; usually there are none. */
export function useIdentityProviders(): IdentityProvider[] {
  const { data } = useQuery({
    queryKey: ["identity-providers"],
    queryFn: () => unwrap(publicApi.GET("/api/auth/identity-providers")),
    staleTime: Infinity,
  });
  return data?.items ?? [];
}

export function useIdentities() {
  return useQuery({
    queryKey: identitiesKey,
    queryFn: () => unwrap(api.GET("/api/auth/identities")),
  });
}
