import { Box, Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";

interface Props<Name extends string> {
  names: readonly Name[];
  labels: Record<Name, string>;
  /** The tab that is open. */
  open: string;
}

/** The tabs of a page, in one row: on small screens it is scrolled to the open tab. */
export function TabBar<Name extends string>({ names, labels, open }: Props<Name>) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const tab = list.current?.querySelector("[aria-selected=true]");
    tab?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [open]);
  return (
    <Box ref={list} style={{ overflowX: "auto", scrollbarWidth: "none" }}>
      <Tabs.List style={{ flexWrap: "nowrap" }}>
        {names.map((name) => (
          <Tabs.Tab key={name} value={name}>
            {labels[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
    </Box>
  );
}
