import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { texts } from "./texts";

interface Props {
  onClose: () => void;
  onRemoved: () => void;
}

/** Asks before the authenticator app is removed. */
export function RemoveAppDialog({ onClose, onRemoved }: Props) {
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/auth/second-factors/totp")),
    onSuccess: () => {
      notifySuccess(texts.removed);
      onRemoved();
    },
  });
  return (
    <Modal opened onClose={onClose} title={texts.remove}>
      <Stack>
        <Text size="sm">{texts.removeText}</Text>
        <ProblemAlert error={remove.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
          <Button color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
            {texts.remove}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
