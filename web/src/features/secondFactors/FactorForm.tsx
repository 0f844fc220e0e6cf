import { Anchor, Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";

import type { components } from "../../api/schema";
import { FactorAlert } from "./FactorAlert";
import { texts } from "./texts";
import { provePasskey } from "./webauthn";

type Schemas = components["schemas"];

/** A code, as the API takes it. */
type CodeProof = { code: string } | { recovery_code: string };

interface Props {
  /** The kinds of second factors that the account has. */
  factors: string[];
  button: string;
  /** Whether no proof is accepted any more. */
  isOver?: boolean;
  requestOptions: () => Promise<Schemas["PasskeyRequestOptions"]>;
  prove: (proof: CodeProof | { passkey: Schemas["Assertion"] }) => Promise<unknown>;
  onProved?: () => void;
  children?: ReactNode;
}

/** Asks for one of the account's second factors: a passkey if there is one, or a code. */
export function FactorForm(props: Props) {
  const { factors, button, isOver, requestOptions, prove, onProved, children } = props;
  const code = useMutation({ mutationFn: prove, onSuccess: onProved });
  const passkey = useMutation({
    mutationFn: async () => prove({ passkey: await provePasskey(await requestOptions()) }),
    onSuccess: onProved,
  });
  return (
    <Stack>
      {factors.includes("passkey") && (
        <>
          <FactorAlert error={passkey.error} />
          <Button
            data-autofocus
            loading={passkey.isPending}
            disabled={isOver}
            onClick={() => passkey.mutate()}
          >
            {texts.usePasskey}
          </Button>
          <Text size="sm" ta="center">
            {texts.or}
          </Text>
        </>
      )}
      <CodeForm
        hasApp={factors.includes("totp")}
        button={button}
        error={code.error}
        isPending={code.isPending || isOver === true}
        onProve={code.mutate}
      >
        {children}
      </CodeForm>
    </Stack>
  );
}

interface CodeProps {
  /** Without an app, the form asks for a recovery code only. */
  hasApp: boolean;
  button: string;
  error: unknown;
  isPending: boolean;
  onProve: (proof: CodeProof) => void;
  /** What else the person can do. */
  children?: ReactNode;
}

/** Asks for a code of the authenticator app, or for a recovery code in its place. */
function CodeForm({ hasApp, button, error, isPending, onProve, children }: CodeProps) {
  const [isRecovery, setRecovery] = useState(!hasApp);
  const [text, setText] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onProve(isRecovery ? { recovery_code: text } : { code: text.replaceAll(" ", "") });
      }}
    >
      <Stack>
        <FactorAlert error={error} />
        {isRecovery ? (
          <TextInput
            key="recovery"
            label={texts.recoveryCode}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            maxLength={40}
            required
            data-autofocus
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        ) : (
          <CodeInput value={text} onChange={setText} />
        )}
        <Group justify="space-between">
          {hasApp && (
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={() => {
                setText("");
                setRecovery(!isRecovery);
              }}
            >
              {isRecovery ? texts.useCode : texts.useRecoveryCode}
            </Anchor>
          )}
          {children}
        </Group>
        <Button type="submit" loading={isPending}>
          {button}
        </Button>
      </Stack>
    </form>
  );
}

/** The six digits of an authenticator app, which phones offer to fill in. */
export function CodeInput({
  value,
  onChange,
}: {
  value: string;
  onChange: (text: string) => void;
}) {
  return (
    <TextInput
      label={texts.code}
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="[0-9 ]{6,7}"
      maxLength={7}
      required
      data-autofocus
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  );
}
