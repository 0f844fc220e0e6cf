import { Box, Tabs } from "@mantine/core";
import { useEffect, useRef } from "react";
import { useLocation, useNavigate, useSearchParams } from "react-router";

import { m } from "../../i18n";

const TABS = ["board", "list", "calendar", "statistics", "members", "trash", "settings"] as const;

/** The pages of a project. On small screens they scroll, with the open one in sight. */
export function ProjectTabs({ projectId }: { projectId: string }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const tab = pathname.split("/")[3] ?? "board";
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const open = list.current?.querySelector("[aria-selected=true]");
    open?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [tab]);
  return (
    <Tabs
      value={tab}
      mt="xs"
      onChange={(value) => {
        const view = search.get("view");
        const query = view === null ? "" : `?view=${view}`;
        void navigate(`/projects/${projectId}/${value ?? "board"}${query}`);
      }}
    >
      <Box ref={list} style={{ overflowX: "auto", scrollbarWidth: "none" }}>
        <Tabs.List style={{ flexWrap: "nowrap" }}>
          {TABS.map((name) => (
            <Tabs.Tab key={name} value={name}>
              {m.projects.tabs[name]}
            </Tabs.Tab>
          ))}
        </Tabs.List>
      </Box>
    </Tabs>
  );
}
