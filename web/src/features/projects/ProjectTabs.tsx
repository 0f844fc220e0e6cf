import { Tabs } from "@mantine/core";
import { useLocation, useNavigate, useSearchParams } from "react-router";

import { TabBar } from "../../components/TabBar";
import { m } from "../../i18n";

const TABS = ["board", "list", "calendar", "statistics", "members", "trash", "settings"] as const;

/** The pages of a project. On small screens they scroll, with the open one in sight. */
export function ProjectTabs({ projectId }: { projectId: string }) {
  const { pathname } = useLocation();
  const navigate = useNavigate();
  const [search] = useSearchParams();
  const tab = pathname.split("/")[3] ?? "board";
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
      <TabBar names={TABS} labels={m.projects.tabs} open={tab} />
    </Tabs>
  );
}
