import { Button, Checkbox, Group, Modal, Stack } from "@mantine/core";
import { useState } from "react";
import { useNavigate } from "react-router";

import type { Task } from "../../api/types";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { useTaskLink } from "../task/useOpenTask";
import { useDuplicateTask } from "./queries";
import { texts } from "./texts";

/** Copies a task, with its subtasks if wanted, and opens the copy. */
export default function DuplicateTaskDialog({
  task,
  onClose,
}: {
  task: Task;
  onClose: () => void;
}) {
  const [hasSubtasks, setSubtasks] = useState(task.subtasks_count > 0);
  const duplicate = useDuplicateTask(task);
  const navigate = useNavigate();
  const linkTo = useTaskLink();
  return (
    <Modal opened onClose={onClose} title={texts.duplicateTask(task.key)}>
      <Stack>
        <ProblemAlert error={duplicate.error} />
        <Checkbox
          label={texts.subtasks(task.subtasks_count)}
          checked={hasSubtasks}
          disabled={task.subtasks_count === 0}
          onChange={(event) => setSubtasks(event.currentTarget.checked)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
          <Button
            data-autofocus
            loading={duplicate.isPending}
            onClick={() =>
              duplicate.mutate(hasSubtasks, {
                onSuccess: (copy) => {
                  notifySuccess(texts.duplicated(copy.key));
                  onClose();
                  void navigate(linkTo(copy.id));
                },
              })
            }
          >
            {texts.duplicate}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
