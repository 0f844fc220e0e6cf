import { Stack, Title } from "@mantine/core";

import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { TaskDrawer } from "../task/TaskDrawer";
import { ListFilters } from "./ListFilters";
import { TaskTable } from "./TaskTable";
import { LazyViewsMenu } from "../views/LazyViewsMenu";
import { ViewGate } from "../views/ViewGate";
import { useList } from "./useListQuery";

/** The tasks of all projects that are assigned to the person. */
export default function MyTasksPage() {
  usePageTitle(m.navigation.myTasks);
  return (
    <Stack p={{ base: "md", sm: "xl" }}>
      <Title order={1} size="h2">
        {m.navigation.myTasks}
      </Title>
      <ViewGate>
        <MyTasks />
      </ViewGate>
      <TaskDrawer />
    </Stack>
  );
}

function MyTasks() {
  const { search, change, query } = useList();
  return (
    <>
      <ListFilters search={search} onChange={change}>
        <LazyViewsMenu />
      </ListFilters>
      <TaskTable query={{ ordering: "due_date", ...query, assigned_to: ["me"] }} />
    </>
  );
}
