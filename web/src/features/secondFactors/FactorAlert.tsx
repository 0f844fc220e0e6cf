import { Alert } from "@mantine/core";

import { ApiProblem } from "../../api/problems";
import { ProblemAlert } from "../../components/ProblemAlert";
import { texts } from "./texts";
import { PasskeyError } from "./webauthn";

const problems: Record<string, string> = texts.problems;

/** Says why a second factor was not accepted; nothing without an error. */
export function FactorAlert({ error, fields }: { error: unknown; fields?: string[] }) {
  const isKnown = error instanceof PasskeyError || error instanceof ApiProblem;
  const text = isKnown ? problems[error.code] : undefined;
  return text === undefined ? (
    <ProblemAlert error={error} fields={fields} />
  ) : (
    <Alert color="red" role="alert">
      {text}
    </Alert>
  );
}
