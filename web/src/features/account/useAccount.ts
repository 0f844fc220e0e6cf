import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";

export const accountKey = ["account"] as const;

/** Reads the account of the person who is logged in. */
export function useAccount() {
  return useQuery({
    queryKey: accountKey,
    queryFn: () => unwrap(api.GET("/api/auth/profile")),
    staleTime: 60_000,
  });
}

/** Returns the person's time zone, or that of the browser until the account is read. */
export function useTimeZone(): string {
  const { data } = useAccount();
  return data?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}
