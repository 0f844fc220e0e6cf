import { Button, Group, Stack, Table, Text } from "@mantine/core";

import { m } from "../i18n";

interface Props {
  intro: string;
  /** The values as texts, by the name of the field. */
  rows: { name: string; mine: string; theirs: string }[];
  onKeepMine: () => void;
  onKeepTheirs: () => void;
}

/** Shows what the person and somebody else have changed, and asks which values to keep. */
export function ConflictChoice({ intro, rows, onKeepMine, onKeepTheirs }: Props) {
  return (
    <Stack>
      <Text>{intro}</Text>
      <Table withTableBorder layout="fixed">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.conflict.field}</Table.Th>
            <Table.Th>{m.conflict.mine}</Table.Th>
            <Table.Th>{m.conflict.theirs}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody style={{ overflowWrap: "anywhere", whiteSpace: "pre-wrap" }}>
          {rows.map(({ name, mine, theirs }) => (
            <Table.Tr key={name}>
              <Table.Th scope="row">{name}</Table.Th>
              <Table.Td>{mine}</Table.Td>
              <Table.Td>{theirs}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Group justify="flex-end">
        <Button variant="default" onClick={onKeepTheirs}>
          {m.conflict.keepTheirs}
        </Button>
        <Button onClick={onKeepMine}>{m.conflict.keepMine}</Button>
      </Group>
    </Stack>
  );
}
