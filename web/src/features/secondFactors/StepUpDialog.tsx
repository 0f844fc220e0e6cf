import { Button, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";
import { answerStepUp } from "../../api/stepUp";
import { CurrentPasswordInput } from "../../components/AccountInputs";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { FactorForm } from "./FactorForm";
import { factorsQuery, listFactors } from "./queries";
import { texts } from "./texts";

/** Asks the person to prove who they are, because a change needs it. */
export default function StepUpDialog() {
  const { data: factors } = useQuery(factorsQuery);
  const kinds = factors && listFactors(factors);
  const onProved = () => answerStepUp(true);
  return (
    <Modal opened onClose={() => answerStepUp(false)} title={texts.proveTitle}>
      {kinds === undefined && <Loading />}
      {kinds?.length === 0 && <PasswordProof onProved={onProved} />}
      {kinds !== undefined && kinds.length > 0 && (
        <Stack>
          <Text size="sm">{texts.proveWithFactor}</Text>
          <FactorForm
            factors={kinds}
            button={texts.confirm}
            requestOptions={() => unwrap(api.POST("/api/auth/step-up/passkey-options"))}
            prove={prove}
            onProved={onProved}
          />
        </Stack>
      )}
    </Modal>
  );
}

function prove(body: components["schemas"]["StepUp"]) {
  return unwrap(api.POST("/api/auth/step-up", { body }));
}

function PasswordProof({ onProved }: { onProved: () => void }) {
  const { mutate, error, isPending } = useMutation({
    mutationFn: (password: string) => prove({ password }),
    onSuccess: onProved,
  });
  const { values, bind } = useFields({ password: "" }, error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        mutate(values.password);
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
