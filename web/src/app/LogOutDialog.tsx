import { Button, Group, Modal, Stack, Text } from "@mantine/core";

import { m } from "../i18n";

interface Props {
  isOpen: boolean;
  isPending: boolean;
  onClose: () => void;
  onConfirm: () => void;
}

/** Asks before a logout that loses what is not saved. */
export default function LogOutDialog({ isOpen, isPending, onClose, onConfirm }: Props) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={m.auth.logOut}>
      <Stack>
        <Text size="sm">{m.auth.unsaved}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
          <Button color="red" loading={isPending} onClick={onConfirm}>
            {m.auth.discard}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
