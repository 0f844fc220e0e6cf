import { Box, Button, Group, Table, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatDay } from "../../components/dates";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { invitationsKey, usePendingInvitations } from "./queries";
import { texts } from "./texts";

/** The project's invitations that nobody has answered. */
export function PendingInvitations({ projectId }: { projectId: string }) {
  const { data: invitations } = usePendingInvitations(projectId, true);
  const queries = useQueryClient();
  const zone = useTimeZone();
  const act = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: "resend" | "revoke" }) => {
      const params = { path: { project_id: projectId, invitation_id: id } };
      return verb === "resend"
        ? unwrap(
            api.POST("/api/projects/{project_id}/invitations/{invitation_id}/resend", { params }),
          )
        : unwrap(api.DELETE("/api/projects/{project_id}/invitations/{invitation_id}", { params }));
    },
    onSuccess: async (_, { verb }) => {
      notifySuccess(verb === "resend" ? texts.resent : texts.revoked);
      await queries.invalidateQueries({ queryKey: invitationsKey(projectId) });
    },
    onError: notifyProblem,
  });
  if (!invitations || invitations.length === 0) {
    return null;
  }
  return (
    <Box component="section">
      <Title order={2} size="h5" mb="xs">
        {texts.pending}
      </Title>
      <Table>
        <Table.Tbody>
          {invitations.map((invitation) => (
            <Table.Tr key={invitation.id}>
              <Table.Td>
                <Text size="sm">{invitation.email}</Text>
                <Text size="xs" c="dimmed">
                  {m.roles[invitation.role]} · {texts.until(formatDay(invitation.expires_at, zone))}
                </Text>
              </Table.Td>
              <Table.Td>
                <Group gap="xs" justify="flex-end">
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    onClick={() => act.mutate({ id: invitation.id, verb: "resend" })}
                  >
                    {texts.resend}
                  </Button>
                  <Button
                    size="compact-xs"
                    variant="subtle"
                    color="red"
                    onClick={() => act.mutate({ id: invitation.id, verb: "revoke" })}
                  >
                    {texts.revoke}
                  </Button>
                </Group>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Box>
  );
}
