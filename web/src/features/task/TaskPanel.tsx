import { Drawer } from "@mantine/core";
import { lazy, Suspense } from "react";

import { Loading } from "../../components/Loading";
import { m } from "../../i18n";

const TaskDetails = lazy(() => import("./TaskDetails"));

interface Props {
  isOpen: boolean;
  taskId: string | null;
  onClose: () => void;
}

/** A task beside the page. */
export default function TaskPanel({ isOpen, taskId, onClose }: Props) {
  return (
    <Drawer
      opened={isOpen}
      onClose={onClose}
      position="right"
      size="xl"
      padding="lg"
      title={m.task.panel}
    >
      {taskId !== null && (
        <Suspense fallback={<Loading />}>
          <TaskDetails key={taskId} taskId={taskId} onDeleted={onClose} />
        </Suspense>
      )}
    </Drawer>
  );
}
