import { Anchor, Button, Group, Stack, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import { ProblemAlert } from "../../components/ProblemAlert";
import { texts } from "./texts";

/** A second factor, as the API takes it. */
export type FactorProof = { code: string } | { recovery_code: string };

interface Props {
  /** Without an app, the form asks for a recovery code only. */
  hasApp: boolean;
  button: string;
  error: unknown;
  isPending: boolean;
  onProve: (proof: FactorProof) => void;
  /** What else the person can do. */
  children?: ReactNode;
}

/** Asks for a code of the authenticator app, or for a recovery code in its place. */
export function FactorForm({ hasApp, button, error, isPending, onProve, children }: Props) {
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
        <ProblemAlert error={error} />
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
