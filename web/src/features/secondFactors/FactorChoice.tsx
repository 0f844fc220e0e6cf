import { Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { components } from "../../api/schema";
import { FactorForm, type FactorProof } from "./FactorForm";
import { PasskeyAlert } from "./PasskeyAlert";
import { provePasskey } from "./webauthn";
import { texts } from "./texts";

type Schemas = components["schemas"];

interface Props {
  /** The kinds of second factors that the account has. */
  factors: string[];
  button: string;
  /** Whether no proof is accepted any more. */
  isOver?: boolean;
  requestOptions: () => Promise<Schemas["PasskeyRequestOptions"]>;
  prove: (proof: FactorProof | { passkey: Schemas["Assertion"] }) => Promise<unknown>;
  onProved?: () => void;
  children?: ReactNode;
}

/** Asks for one of the account's second factors: a passkey if there is one, or a code. */
export function FactorChoice(props: Props) {
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
          <PasskeyAlert error={passkey.error} />
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
      <FactorForm
        hasApp={factors.includes("totp")}
        button={button}
        error={code.error}
        isPending={code.isPending || isOver === true}
        onProve={code.mutate}
      >
        {children}
      </FactorForm>
    </Stack>
  );
}
