import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";
import { formatDay } from "../../components/dates";
import { notifySuccess } from "../../components/notify";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { FactorAlert } from "./FactorAlert";
import { createPasskey } from "./webauthn";
import { RemoveDialog } from "./RemoveDialog";
import { texts } from "./texts";

type Passkey = components["schemas"]["Passkey"];

interface Props {
  passkeys: Passkey[];
  /** Whether the account would have no second factor without its only passkey. */
  isLast: boolean;
  /** Gets the recovery codes, or null where the earlier ones stay valid. */
  onChanged: (codes: string[] | null) => void;
}

/** Adds and removes passkeys. */
export function Passkeys({ passkeys, isLast, onChanged }: Props) {
  const zone = useTimeZone();
  const [removed, setRemoved] = useState<Passkey | null>(null);
  return (
    <Stack>
      <Title order={3} size="h6">
        {texts.passkeys}
      </Title>
      <Text size="sm">{texts.passkeysExplanation}</Text>
      {passkeys.map((passkey) => (
        <Group key={passkey.id} justify="space-between" wrap="nowrap">
          <div>
            <Text size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>
              {passkey.name}
            </Text>
            <Text size="xs" c="dimmed">
              {texts.since(formatDay(passkey.created_at, zone))}{" "}
              {passkey.last_used_at !== null &&
                m.account.lastUsed(formatDay(passkey.last_used_at, zone))}
            </Text>
          </div>
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={texts.removePasskey(passkey.name)}
            onClick={() => setRemoved(passkey)}
          >
            {texts.removeShort}
          </Button>
        </Group>
      ))}
      <NewPasskey onAdded={onChanged} />
      {removed && (
        <RemoveDialog
          title={texts.removePasskey(removed.name)}
          text={isLast ? texts.removeLastText : texts.removePasskeyText}
          done={texts.passkeyRemoved}
          remove={() =>
            unwrap(
              api.DELETE("/api/auth/second-factors/passkeys/{passkey_id}", {
                params: { path: { passkey_id: removed.id } },
              }),
            )
          }
          onClose={() => setRemoved(null)}
          onRemoved={() => {
            setRemoved(null);
            onChanged(null);
          }}
        />
      )}
    </Stack>
  );
}

function NewPasskey({ onAdded }: { onAdded: (codes: string[] | null) => void }) {
  const add = useMutation({
    mutationFn: async (name: string) => {
      const options = await unwrap(api.POST("/api/auth/second-factors/passkeys/options"));
      const body = { name, passkey: await createPasskey(options) };
      return unwrap(api.POST("/api/auth/second-factors/passkeys", { body }));
    },
    onSuccess: ({ recovery_codes }) => {
      notifySuccess(texts.passkeyAdded);
      reset();
      onAdded(recovery_codes);
    },
  });
  const { values, bind, reset } = useFields({ name: "" }, add.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate(values.name);
      }}
    >
      <Stack>
        <FactorAlert error={add.error} fields={["name"]} />
        <Group align="flex-end">
          <TextInput
            flex={1}
            miw={200}
            label={texts.passkeyName}
            placeholder={texts.passkeyNameExample}
            required
            maxLength={100}
            {...bind("name")}
          />
          <Button type="submit" variant="default" loading={add.isPending}>
            {texts.addPasskey}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
