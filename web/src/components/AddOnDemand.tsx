import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { type ReactNode, Suspense, useState } from "react";

import { Loading } from "./Loading";

/** A button in whose place the form for a new thing appears, whose code can be loaded then. */
export function AddOnDemand({ label, children }: { label: string; children: ReactNode }) {
  const [isOpen, setOpen] = useState(false);
  return isOpen ? (
    <Suspense fallback={<Loading />}>{children}</Suspense>
  ) : (
    <Button
      variant="subtle"
      color="gray"
      size="xs"
      leftSection={<IconPlus size={14} />}
      onClick={() => setOpen(true)}
    >
      {label}
    </Button>
  );
}
