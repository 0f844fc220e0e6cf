import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { forgetAccount } from "../../api/unsaved";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";

interface Props {
  isOpen: boolean;
  onClose: () => void;
}

/** Asks before the account is deleted. */
export default function DeleteAccountDialog({ isOpen, onClose }: Props) {
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/auth/profile")),
    onSuccess: forgetAccount,
  });
  return (
    <Modal opened={isOpen} onClose={onClose} title={m.account.delete}>
      <Stack>
        <Text size="sm">{m.account.deleteText}</Text>
        <ProblemAlert error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {m.account.delete}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
