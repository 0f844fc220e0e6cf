import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";

import { ApiProblem } from "../../api/problems";
import { ProblemAlert } from "../../components/ProblemAlert";
import { texts } from "./texts";

/** Says why a sign-in, a link or its end failed; nothing without an error. */
export function SignInProblem({ error, fields }: { error: unknown; fields?: string[] }) {
  const text = error instanceof ApiProblem ? texts.problems[error.code] : undefined;
  return text === undefined ? (
    <ProblemAlert error={error} {...(fields ? { fields } : {})} />
  ) : (
    <Alert color="red" role="alert" icon={<IconAlertCircle aria-hidden />}>
      {text}
    </Alert>
  );
}
