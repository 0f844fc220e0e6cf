import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatDay } from "../../components/dates";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useTimeZone } from "../account/useAccount";
import { factorsQuery } from "./queries";
import { RecoveryCodes } from "./RecoveryCodes";
import { RemoveAppDialog } from "./RemoveAppDialog";
import { texts } from "./texts";
import { TotpSetup } from "./TotpSetup";

/** Sets up and removes the authenticator app, and renews the recovery codes. */
export function SecondFactors() {
  const queries = useQueryClient();
  const zone = useTimeZone();
  const { data: factors } = useQuery(factorsQuery);
  const [codes, setCodes] = useState<string[] | null>(null);
  const [isRemoving, { open, close }] = useDisclosure();
  const start = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/second-factors/totp")),
  });
  const show = (next: string[] | null) => {
    setCodes(next);
    void queries.invalidateQueries({ queryKey: factorsQuery.queryKey });
  };
  const renew = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/second-factors/recovery-codes")),
    onSuccess: ({ recovery_codes }) => show(recovery_codes),
  });
  const since = factors?.totp_since;
  return (
    <Stack component="section">
      <Title order={2} size="h5">
        {texts.title}
      </Title>
      <Text size="sm">{texts.explanation}</Text>
      <ProblemAlert error={start.error ?? renew.error} />
      {typeof since === "string" && (
        <Text size="sm">
          <b>{texts.app}</b>: {texts.since(formatDay(since, zone))} <b>{texts.codesTitle}</b>:{" "}
          {texts.codesLeft(factors?.recovery_codes_left ?? 0)}
        </Text>
      )}
      {start.data ? (
        <TotpSetup
          setup={start.data}
          onCancel={start.reset}
          onConfirmed={(recoveryCodes) => {
            start.reset();
            show(recoveryCodes);
          }}
        />
      ) : (
        <Group>
          <Button
            variant="default"
            disabled={!factors}
            loading={start.isPending}
            onClick={() => start.mutate()}
          >
            {since ? texts.replace : texts.add}
          </Button>
          {since && (
            <>
              <Button variant="default" loading={renew.isPending} onClick={() => renew.mutate()}>
                {texts.renew}
              </Button>
              <Button variant="light" color="red" onClick={open}>
                {texts.remove}
              </Button>
            </>
          )}
        </Group>
      )}
      {codes && <RecoveryCodes codes={codes} onDone={() => setCodes(null)} />}
      {isRemoving && (
        <RemoveAppDialog
          onClose={close}
          onRemoved={() => {
            close();
            show(null);
          }}
        />
      )}
    </Stack>
  );
}
