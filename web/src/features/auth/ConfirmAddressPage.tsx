import { Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { unwrap } from "../../api/problems";
import { publicApi } from "../../api/session";
import { useSessionState } from "../../app/SessionGate";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { AuthPage } from "./AuthPage";

/** Confirms the address of a new account. */
export function VerifyPage() {
  return (
    <ConfirmAddress
      confirm={(token) => unwrap(publicApi.POST("/api/auth/verify-email", { body: { token } }))}
    />
  );
}

/** Confirms the new address of an account. */
export function NewEmailPage() {
  return (
    <ConfirmAddress
      confirm={(token) => unwrap(publicApi.POST("/api/auth/confirm-email", { body: { token } }))}
    />
  );
}

/** It has a button because mail scanners open links, and some run the scripts of the page. */
function ConfirmAddress({ confirm }: { confirm: (token: string) => Promise<unknown> }) {
  const token = useSearchParams()[0].get("token") ?? "";
  const isSignedIn = useSessionState() === "signed-in";
  const queries = useQueryClient();
  const confirmation = useMutation({
    mutationFn: () => confirm(token),
    onSuccess: () => queries.invalidateQueries(),
  });
  if (confirmation.isSuccess) {
    return (
      <AuthPage title={m.auth.addressConfirmed}>
        <Text role="status">{m.auth.addressConfirmedText}</Text>
        <Button component={Link} to={isSignedIn ? "/" : "/login"}>
          {isSignedIn ? m.common.continue : m.auth.logIn}
        </Button>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={m.auth.confirmAddress} intro={m.auth.confirmAddressText}>
      <ProblemAlert error={confirmation.error} />
      <Button loading={confirmation.isPending} onClick={() => confirmation.mutate()}>
        {m.auth.confirmAddress}
      </Button>
    </AuthPage>
  );
}
