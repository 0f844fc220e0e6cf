import { Alert } from "@mantine/core";
import { IconAlertCircle } from "@tabler/icons-react";

import { describeProblem } from "./describeProblem";

/** Says why a request failed; nothing without an error. `fields` have their messages themselves. */
export function ProblemAlert({ error, fields = [] }: { error: unknown; fields?: string[] }) {
  const text = describeProblem(error, fields);
  return text === null ? null : (
    <Alert color="red" role="alert" icon={<IconAlertCircle aria-hidden />}>
      {text}
    </Alert>
  );
}
