import { Button } from "@mantine/core";
import { IconArrowRight, IconCopy } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";

import type { Task } from "../../api/types";
import { texts } from "./texts";

const DuplicateTaskDialog = lazy(() => import("./DuplicateTaskDialog"));
const MoveTaskDialog = lazy(() => import("./MoveTaskDialog"));

/** Duplicates a task, and moves it to another project. */
export function CopyButtons({ task }: { task: Task }) {
  const [dialog, setDialog] = useState<"duplicate" | "move" | null>(null);
  const close = () => setDialog(null);
  return (
    <>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconCopy size={14} />}
        onClick={() => setDialog("duplicate")}
      >
        {texts.duplicate}
      </Button>
      <Button
        variant="default"
        size="xs"
        leftSection={<IconArrowRight size={14} />}
        onClick={() => setDialog("move")}
      >
        {texts.move}
      </Button>
      <Suspense>
        {dialog === "duplicate" && <DuplicateTaskDialog task={task} onClose={close} />}
        {dialog === "move" && <MoveTaskDialog task={task} onClose={close} />}
      </Suspense>
    </>
  );
}
