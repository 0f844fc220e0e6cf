import { Badge } from "@mantine/core";

import type { Label } from "../api/types";

/** A label of a project, with its color as a dot, so that the text is always readable. */
export function LabelBadge({ label }: { label: Pick<Label, "color" | "name"> }) {
  return (
    <Badge
      variant="default"
      size="sm"
      radius="sm"
      tt="none"
      fw={500}
      leftSection={
        <span
          style={{
            display: "block",
            width: 8,
            height: 8,
            borderRadius: 4,
            background: label.color,
          }}
        />
      }
    >
      {label.name}
    </Badge>
  );
}
