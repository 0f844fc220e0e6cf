import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";

interface Props {
  title: string;
  text: string;
  /** The message after the removal. */
  done: string;
  remove: () => Promise<unknown>;
  onClose: () => void;
  onRemoved: () => void;
}

/** Asks before a second factor is removed. */
export function RemoveDialog({ title, text, done, remove, onClose, onRemoved }: Props) {
  const removal = useMutation({
    mutationFn: remove,
    onSuccess: () => {
      notifySuccess(done);
      onRemoved();
    },
  });
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack>
        <Text size="sm">{text}</Text>
        <ProblemAlert error={removal.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
          <Button color="red" loading={removal.isPending} onClick={() => removal.mutate()}>
            {title}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
