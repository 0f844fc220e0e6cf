import { IconFlag3Filled } from "@tabler/icons-react";

import { m } from "../i18n";

/** The mark of a task with high priority. */
export function HighPriorityFlag() {
  return (
    <IconFlag3Filled
      size={14}
      color="var(--mantine-color-red-6)"
      role="img"
      aria-label={m.priority.high}
    />
  );
}
