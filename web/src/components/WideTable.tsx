import { Box, Table, type TableProps } from "@mantine/core";

interface Props extends TableProps {
  minWidth: number;
  /** The name of a table without links and buttons: the keyboard reaches the table itself. */
  label?: string;
}

/** A table that scrolls sideways where it has less than `minWidth` pixels. */
export function WideTable({ minWidth, label, ...props }: Props) {
  return (
    <Box
      style={{ overflowX: "auto" }}
      {...(label !== undefined && { role: "region", "aria-label": label, tabIndex: 0 })}
    >
      <Table miw={minWidth} {...props} />
    </Box>
  );
}
