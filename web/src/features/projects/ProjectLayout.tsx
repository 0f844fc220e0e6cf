import { Alert, Badge, Box, Group, Title } from "@mantine/core";
import { IconArchive } from "@tabler/icons-react";
import { Suspense } from "react";
import { Outlet, useOutletContext, useParams } from "react-router";

import type { ProjectDetails } from "../../api/types";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { LazyLiveChanges } from "../live/LazyLiveChanges";
import { TaskDrawer } from "../task/TaskDrawer";
import { ViewGate } from "../views/ViewGate";
import { ProjectTabs } from "./ProjectTabs";
import { useProject } from "./queries";

/** The project of the current page. */
export function useCurrentProject(): ProjectDetails {
  return useOutletContext<ProjectDetails>();
}

/** The header of a project's pages; the task in the address opens beside them. */
export default function ProjectLayout() {
  const { projectId = "" } = useParams();
  const { data: project, error } = useProject(projectId);
  usePageTitle(project?.name);
  if (error) {
    return (
      <Box p="xl">
        <ProblemAlert error={error} />
      </Box>
    );
  }
  if (!project) {
    return <Loading />;
  }
  return (
    <Box
      className="whole-on-paper"
      h={{ base: "calc(100dvh - 56px)", sm: "100dvh" }}
      display="flex"
      style={{ flexDirection: "column" }}
    >
      <Box px={{ base: "md", sm: "xl" }} pt="md">
        <Group gap="sm" wrap="nowrap">
          <Title order={1} size="h3" lineClamp={1}>
            {project.name}
          </Title>
          <Badge variant="light" radius="sm" flex="none">
            {project.key}
          </Badge>
        </Group>
        <ProjectTabs projectId={projectId} />
      </Box>
      {project.archived_at !== null && (
        <Alert mx="xl" mt="md" color="gray" icon={<IconArchive aria-hidden />}>
          {m.projects.isArchived}
        </Alert>
      )}
      <Box className="whole-on-paper" flex={1} mih={0} style={{ overflow: "auto" }} tabIndex={-1}>
        <ViewGate>
          <Suspense fallback={<Loading />}>
            <Outlet context={project} />
          </Suspense>
        </ViewGate>
      </Box>
      <LazyLiveChanges projectId={projectId} />
      <TaskDrawer />
    </Box>
  );
}
