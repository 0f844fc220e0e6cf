import { Button, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { answerStepUp } from "../../api/stepUp";
import { CurrentPasswordInput } from "../../components/AccountInputs";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { FactorForm, type FactorProof } from "./FactorForm";
import { factorsQuery } from "./queries";
import { texts } from "./texts";

/** Asks the person to prove who they are, because a change needs it. */
export default function StepUpDialog() {
  const { data: factors } = useQuery(factorsQuery);
  const prove = useMutation({
    mutationFn: (body: FactorProof | { password: string }) =>
      unwrap(api.POST("/api/auth/step-up", { body })),
    onSuccess: () => answerStepUp(true),
  });
  return (
    <Modal opened onClose={() => answerStepUp(false)} title={texts.proveTitle}>
      {factors === undefined && <Loading />}
      {factors?.totp_since === null && (
        <PasswordProof
          error={prove.error}
          isPending={prove.isPending}
          onProve={(password) => prove.mutate({ password })}
        />
      )}
      {typeof factors?.totp_since === "string" && (
        <Stack>
          <Text size="sm">{texts.proveWithCode}</Text>
          <FactorForm
            button={texts.confirm}
            error={prove.error}
            isPending={prove.isPending}
            onProve={prove.mutate}
          />
        </Stack>
      )}
    </Modal>
  );
}

interface PasswordProps {
  error: unknown;
  isPending: boolean;
  onProve: (password: string) => void;
}

function PasswordProof({ error, isPending, onProve }: PasswordProps) {
  const { values, bind } = useFields({ password: "" }, error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        onProve(values.password);
      }}
    >
      <Stack>
        <Text size="sm">{texts.proveWithPassword}</Text>
        <ProblemAlert error={error} fields={["password"]} />
        <CurrentPasswordInput data-autofocus {...bind("password")} />
        <Button type="submit" loading={isPending}>
          {texts.confirm}
        </Button>
      </Stack>
    </form>
  );
}
