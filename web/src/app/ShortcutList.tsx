import { Kbd, Modal, Table } from "@mantine/core";

import { m } from "../i18n";

/** The list of keyboard shortcuts. */
export default function ShortcutList({
  isOpen,
  onClose,
}: {
  isOpen: boolean;
  onClose: () => void;
}) {
  return (
    <Modal opened={isOpen} onClose={onClose} title={m.shortcuts.title}>
      <Table>
        <Table.Tbody>
          {m.shortcuts.list.map(([keys, meaning]) => (
            <Table.Tr key={keys}>
              <Table.Td w={140}>
                <Kbd>{keys}</Kbd>
              </Table.Td>
              <Table.Td>{meaning}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
