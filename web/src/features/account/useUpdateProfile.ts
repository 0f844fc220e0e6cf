import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { ProfilePatch } from "../../api/types";
import { notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { accountKey } from "./useAccount";

/** Changes fields of the person's own account. */
export function useUpdateProfile() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (body: ProfilePatch) => unwrap(api.PATCH("/api/auth/profile", { body })),
    onSuccess: (account) => {
      queries.setQueryData(accountKey, account);
      notifySuccess(m.common.saved);
    },
  });
}
