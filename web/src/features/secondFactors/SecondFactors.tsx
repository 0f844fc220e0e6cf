import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatDay } from "../../components/dates";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useTimeZone } from "../account/useAccount";
import { Passkeys } from "./Passkeys";
import { factorsQuery, listFactors } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";
import { RemoveDialog } from "./RemoveDialog";
import { texts } from "./texts";
import { TotpSetup } from "./TotpSetup";

/** Passkeys, the authenticator app, and the recovery codes that come with the first of them. */
export function SecondFactors() {
  const queries = useQueryClient();
  const { data: factors } = useQuery(factorsQuery);
  const [codes, setCodes] = useState<string[] | null>(null);
  const show = (next: string[] | null) => {
    setCodes(next);
    void queries.invalidateQueries({ queryKey: factorsQuery.queryKey });
  };
  const renew = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/second-factors/recovery-codes")),
    onSuccess: ({ recovery_codes }) => show(recovery_codes),
  });
  const kinds = factors ? listFactors(factors) : [];
  const passkeys = factors?.passkeys ?? [];
  return (
    <Stack component="section">
      <Title order={2} size="h5">
        {texts.title}
      </Title>
      <Text size="sm">{texts.explanation}</Text>
      {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />}
      <Passkeys
        passkeys={passkeys}
        isLast={kinds.length === 1 && passkeys.length === 1}
        onChanged={show}
      />
      <AuthenticatorApp
        since={factors?.totp_since ?? null}
        isKnown={factors !== undefined}
        isLast={kinds.length === 1}
        onChanged={show}
      />
      {kinds.length > 0 && (
        <>
          <ProblemAlert error={renew.error} />
          <Group justify="space-between">
            <Text size="sm">
              <b>{texts.codesTitle}</b>: {texts.codesLeft(factors?.recovery_codes_left ?? 0)}
            </Text>
            <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()}>
              {texts.renew}
            </Button>
          </Group>
        </>
      )}
    </Stack>
  );
}

interface AppProps {
  since: string | null;
  isKnown: boolean;
  /** Whether the account would have no second factor without the app. */
  isLast: boolean;
  onChanged: (codes: string[] | null) => void;
}

function AuthenticatorApp({ since, isKnown, isLast, onChanged }: AppProps) {
  const zone = useTimeZone();
  const [isRemoving, { open, close }] = useDisclosure();
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/second-factors/totp")),
  });
  return (
    <Stack>
      <Title order={3} size="h6">
        {texts.app}
      </Title>
      <Text size="sm">
        {texts.appExplanation} {since !== null && texts.since(formatDay(since, zone))}
      </Text>
      <ProblemAlert error={start.error} />
      {start.data ? (
        <TotpSetup
          setup={start.data}
          onCancel={start.reset}
          onConfirmed={(recoveryCodes) => {
            start.reset();
            onChanged(recoveryCodes);
          }}
        />
      ) : (
        <Group>
          <Button
            variant="default"
            disabled={!isKnown}
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            {since === null ? texts.add : texts.replace}
          </Button>
          {since !== null && (
            <Button variant="light" color="red" onClick={open}>
              {texts.remove}
            </Button>
          )}
        </Group>
      )}
      {isRemoving && (
        <RemoveDialog
          title={texts.remove}
          text={isLast ? texts.removeLastText : texts.removeAppText}
          done={texts.removed}
          remove={() => unwrap(api.DELETE("/api/auth/second-factors/totp"))}
          onClose={close}
          onRemoved={() => {
            close();
            onChanged(null);
          }}
        />
      )}
    </Stack>
  );
}
