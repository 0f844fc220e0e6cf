import {
  Badge,
  Button,
  Card,
  Group,
  Progress,
  SimpleGrid,
  Stack,
  Text,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus, IconUsers } from "@tabler/icons-react";
import { Link } from "react-router";

import type { Project } from "../../api/types";
import { Loading } from "../../components/Loading";
import { onDemand } from "../../components/onDemand";
import { ProblemAlert } from "../../components/ProblemAlert";
import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { useProjects } from "./queries";
import { ReceivedInvitations } from "./ReceivedInvitations";
import { TrashedProjects } from "./TrashedProjects";

const NewProjectDialog = onDemand(() => import("./NewProjectDialog"));

export default function ProjectsPage() {
  usePageTitle(m.navigation.projects);
  const projects = useProjects();
  const [isCreating, { open, close }] = useDisclosure();
  const all = projects.data ?? [];
  const archived = all.filter((project) => project.archived_at !== null);
  return (
    <Stack p={{ base: "md", sm: "xl" }} maw={1200} gap="lg">
      <Group justify="space-between">
        <Title order={1} size="h2">
          {m.navigation.projects}
        </Title>
        <Group>
          <Button component={Link} to="/import" variant="default">
            {m.projects.import}
          </Button>
          <Button leftSection={<IconPlus size={16} />} onClick={open}>
            {m.projects.create}
          </Button>
        </Group>
      </Group>
      <ReceivedInvitations />
      <ProblemAlert error={projects.error} />
      {projects.isPending && <Loading />}
      {projects.isSuccess && all.length === 0 && <Text c="dimmed">{m.projects.none}</Text>}
      <ProjectGrid projects={all.filter((project) => project.archived_at === null)} />
      {archived.length > 0 && (
        <>
          <Title order={2} size="h4">
            {m.projects.archivedProjects}
          </Title>
          <ProjectGrid projects={archived} />
        </>
      )}
      <TrashedProjects />
      <NewProjectDialog isOpen={isCreating} onClose={close} />
    </Stack>
  );
}

function ProjectGrid({ projects }: { projects: Project[] }) {
  return (
    <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }}>
      {projects.map((project) => (
        <ProjectCard key={project.id} project={project} />
      ))}
    </SimpleGrid>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const done = project.tasks_by_status.done ?? 0;
  const percent = project.tasks_count === 0 ? 0 : Math.round((100 * done) / project.tasks_count);
  return (
    <Card withBorder padding="lg" component={Link} to={`/projects/${project.id}/board`}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text fw={600} lineClamp={2}>
          {project.name}
        </Text>
        <Badge variant="light" radius="sm" flex="none">
          {project.key}
        </Badge>
      </Group>
      <Text size="sm" c="dimmed" lineClamp={2} mih={42} mt={4}>
        {project.description}
      </Text>
      <Progress value={percent} size="sm" mt="sm" aria-label={m.projects.doneShare(percent)} />
      <Group justify="space-between" mt="xs">
        <Text size="xs" c="dimmed">
          {m.projects.doneOf(done, project.tasks_count)}
        </Text>
        <Group gap={4} c="dimmed">
          <IconUsers size={14} aria-hidden />
          <Text size="xs">{m.projects.members(project.members_count)}</Text>
        </Group>
      </Group>
    </Card>
  );
}
