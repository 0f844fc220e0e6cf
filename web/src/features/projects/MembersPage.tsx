import { ActionIcon, Badge, Box, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Member, ProjectDetails } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { PersonAvatar } from "../../components/PersonAvatar";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { InviteForm } from "./InviteForm";
import { PendingInvitations } from "./PendingInvitations";
import { useCurrentProject } from "./ProjectLayout";
import { canWrite, getName, isManager, projectKey } from "./queries";
import { type GivenRole, listRoles } from "./roles";
import { texts } from "./texts";

export default function MembersPage() {
  const project = useCurrentProject();
  const canManage = isManager(project.my_role) && canWrite(project);
  return (
    <Stack px={{ base: "md", sm: "xl" }} py="md" maw={860} gap="lg">
      {canManage && <InviteForm projectId={project.id} />}
      <Box component="section">
        <Title order={2} size="h5" mb="xs">
          {m.projects.members(project.members_count)}
        </Title>
        <Table verticalSpacing="xs" layout="fixed">
          <Table.Tbody>
            {project.members.map((member) => (
              <MemberRow
                key={member.user_id}
                member={member}
                project={project}
                canManage={canManage}
              />
            ))}
          </Table.Tbody>
        </Table>
      </Box>
      {canManage && <PendingInvitations projectId={project.id} />}
    </Stack>
  );
}

interface RowProps {
  member: Member;
  project: ProjectDetails;
  canManage: boolean;
}

function MemberRow({ member, project, canManage }: RowProps) {
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: projectKey(project.id) });
  const params = { path: { project_id: project.id, user_id: member.user_id } };
  const changeRole = useMutation({
    mutationFn: (role: GivenRole) =>
      unwrap(api.PATCH("/api/projects/{project_id}/members/{user_id}", { params, body: { role } })),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/projects/{project_id}/members/{user_id}", { params })),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const name = getName(member);
  const isEditable = canManage && member.role !== "owner";
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="sm" wrap="nowrap">
          <PersonAvatar name={name} size={32} />
          <Box miw={0}>
            <Text size="sm" fw={500} truncate>
              {name}
            </Text>
            <Text size="xs" c="dimmed" truncate>
              @{member.username}
            </Text>
          </Box>
        </Group>
      </Table.Td>
      <Table.Td w={{ base: 124, xs: 150 }}>
        {isEditable ? (
          <Select
            size="xs"
            aria-label={texts.roleOf(name)}
            data={listRoles()}
            value={member.role}
            allowDeselect={false}
            onChange={(role) => role && changeRole.mutate(role as GivenRole)}
          />
        ) : (
          <Badge variant="light">{m.roles[member.role]}</Badge>
        )}
      </Table.Td>
      <Table.Td w={50}>
        {isEditable && (
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={texts.remove(name)}
            onClick={() => remove.mutate()}
          >
            <IconTrash size={16} />
          </ActionIcon>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
