import { Table } from "@mantine/core";
import type { ReactNode } from "react";

import { WideTable } from "../../components/WideTable";

interface Row {
  id: string;
  /** What is shown while the pointer is over the row. */
  title: string;
  cells: ReactNode[];
}

/** A table for site staff that scrolls on small screens. `heads` are the names of its columns. */
export function StaffTable({ heads, rows }: { heads: string[]; rows: Row[] }) {
  return (
    <WideTable minWidth={640}>
      <Table.Thead>
        <Table.Tr>
          {heads.map((head) => (
            <Table.Th key={head}>{head}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ id, title, cells }) => (
          <Table.Tr key={id} title={title}>
            {cells.map((cell, column) => (
              <Table.Td key={heads[column]}>{cell}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}
