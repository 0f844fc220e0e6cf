import { Button, Group, List, Modal, Stack, Text } from "@mantine/core";

import { m } from "../../i18n";
import { type BlockedChange, blockedStore } from "./dialogStores";
import { useChangeTask } from "./mutations";

/** Names the open tasks that block a task, and asks whether it is done all the same. */
export default function BlockedDialog({ blocked }: { blocked: BlockedChange }) {
  const change = useChangeTask();
  const close = () => blockedStore.set(null);
  return (
    <Modal opened onClose={close} title={m.blocked.title}>
      <Stack>
        <Text size="sm">{m.blocked.intro}</Text>
        {blocked.blockers.length > 0 && (
          <List size="sm">
            {blocked.blockers.map((blocker) => (
              <List.Item key={blocker}>{blocker}</List.Item>
            ))}
          </List>
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={close}>
            {m.common.cancel}
          </Button>
          <Button
            onClick={() => {
              change.mutate({ task: blocked.task, patch: blocked.patch, force: true });
              close();
            }}
          >
            {m.blocked.force}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
