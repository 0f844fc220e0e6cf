import { Box, Table, type TableProps } from "@mantine/core";

/** A table that scrolls sideways where it has less than `minWidth` pixels. */
export function WideTable({ minWidth, ...props }: TableProps & { minWidth: number }) {
  return (
    <Box style={{ overflowX: "auto" }}>
      <Table miw={minWidth} {...props} />
    </Box>
  );
}
