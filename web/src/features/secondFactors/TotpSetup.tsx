import { Box, Button, Code, Group, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";
import { m } from "../../i18n";
import { FactorAlert } from "./FactorAlert";
import { CodeInput } from "./FactorForm";
import { texts } from "./texts";

interface Props {
  setup: components["schemas"]["TotpSetup"];
  /** Gets the recovery codes, or null where the earlier ones stay valid. */
  onConfirmed: (codes: string[] | null) => void;
  onCancel: () => void;
}

/** Shows the secret of a new authenticator app, and confirms it with a code. */
export function TotpSetup({ setup, onConfirmed, onCancel }: Props) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/auth/second-factors/totp/confirm", {
          body: { code: code.replaceAll(" ", "") },
        }),
      ),
    onSuccess: ({ recovery_codes }) => onConfirmed(recovery_codes),
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        confirm.mutate();
      }}
    >
      <Stack>
        <Text size="sm">{texts.scan}</Text>
        <Box
          component="img"
          w={200}
          h={200}
          alt={texts.qrCode}
          src={`data:image/svg+xml;charset=utf-8,${encodeURIComponent(setup.qr_code)}`}
        />
        <div>
          <Text size="sm">{texts.key}</Text>
          <Code style={{ overflowWrap: "anywhere" }}>{setup.secret}</Code>
        </div>
        <FactorAlert error={confirm.error} />
        <CodeInput value={code} onChange={setCode} />
        <Group>
          <Button type="submit" loading={confirm.isPending}>
            {texts.confirm}
          </Button>
          <Button variant="default" onClick={onCancel}>
            {m.common.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
