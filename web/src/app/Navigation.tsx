import { Text, UnstyledButton } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconCircleCheck, IconLayoutGrid, IconPlus } from "@tabler/icons-react";

import { onDemand } from "../components/onDemand";
import { useProjects } from "../features/projects/queries";
import { m } from "../i18n";
import { InboxLink } from "./InboxLink";
import classes from "./Navigation.module.css";
import { NavigationLink } from "./NavigationLink";

const NewProjectDialog = onDemand(() => import("../features/projects/NewProjectDialog"));

/** The links of the side bar. */
export function Navigation() {
  const projects = useProjects();
  const [isCreating, { open: create, close }] = useDisclosure();
  const open = projects.data?.filter((project) => project.archived_at === null) ?? [];
  return (
    <>
      <NavigationLink to="/tasks" icon={<IconCircleCheck size={18} stroke={1.6} aria-hidden />}>
        {m.navigation.myTasks}
      </NavigationLink>
      <InboxLink />
      <NavigationLink to="/" icon={<IconLayoutGrid size={18} stroke={1.6} aria-hidden />}>
        {m.navigation.projects}
      </NavigationLink>
      <div className={classes.heading}>
        <Text size="xs" fw={600} c="dimmed" tt="uppercase" component="h2">
          {m.navigation.projects}
        </Text>
        <UnstyledButton className={classes.create} aria-label={m.projects.create} onClick={create}>
          <IconPlus size={16} />
        </UnstyledButton>
      </div>
      {open.map((project) => (
        <NavigationLink
          key={project.id}
          to={`/projects/${project.id}/board`}
          under={`/projects/${project.id}/`}
          icon={
            <span className={classes.key} aria-hidden>
              {project.key.slice(0, 2)}
            </span>
          }
          count={project.tasks_count}
        >
          {project.name}
        </NavigationLink>
      ))}
      <NewProjectDialog isOpen={isCreating} onClose={close} />
    </>
  );
}
