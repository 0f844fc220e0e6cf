import { Anchor } from "@mantine/core";
import { useState } from "react";

import { isProblem, unwrap } from "../../api/problems";
import { completeLogin, publicApi } from "../../api/session";
import { m } from "../../i18n";
import { FactorForm } from "./FactorForm";

interface Props {
  ticket: string;
  factors: string[];
  onBack: () => void;
}

/** The second step of a login; `ticket` and `factors` are from the first. */
export default function SecondStep({ ticket, factors, onBack }: Props) {
  const [isOver, setOver] = useState(false);
  const noticeEnd = (error: unknown) => {
    setOver(isProblem(error, "ticket_expired"));
    throw error;
  };
  return (
    <FactorForm
      factors={factors}
      button={m.auth.logIn}
      isOver={isOver}
      requestOptions={() =>
        unwrap(publicApi.POST("/api/auth/login/passkey-options", { body: { ticket } })).catch(
          noticeEnd,
        )
      }
      prove={(proof) => unwrap(completeLogin(ticket, proof)).catch(noticeEnd)}
    >
      <Anchor component="button" type="button" size="sm" onClick={onBack}>
        {m.auth.backToLogin}
      </Anchor>
    </FactorForm>
  );
}
