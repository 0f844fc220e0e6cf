import { Anchor } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { isProblem, unwrap } from "../../api/problems";
import { completeLogin } from "../../api/session";
import { m } from "../../i18n";
import { FactorForm, type FactorProof } from "./FactorForm";

/** The second step of a login; `ticket` is from the first. */
export default function SecondStep({ ticket, onBack }: { ticket: string; onBack: () => void }) {
  const login = useMutation({
    mutationFn: (proof: FactorProof) => unwrap(completeLogin(ticket, proof)),
  });
  return (
    <FactorForm
      button={m.auth.logIn}
      error={login.error}
      isPending={login.isPending || isProblem(login.error, "ticket_expired")}
      onProve={login.mutate}
    >
      <Anchor component="button" type="button" size="sm" onClick={onBack}>
        {m.auth.backToLogin}
      </Anchor>
    </FactorForm>
  );
}
