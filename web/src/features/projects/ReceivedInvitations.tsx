import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { receivedKey, useReceivedInvitations } from "./queries";

/** The invitations of the person's own address, to accept or to decline. */
export function ReceivedInvitations() {
  const { data } = useReceivedInvitations();
  const queries = useQueryClient();
  const answer = useMutation({
    mutationFn: ({ id, verb }: { id: string; verb: "accept" | "decline" }) => {
      const params = { path: { invitation_id: id } };
      return verb === "accept"
        ? unwrap(api.POST("/api/invitations/{invitation_id}/accept", { params }))
        : unwrap(api.POST("/api/invitations/{invitation_id}/decline", { params }));
    },
    onSuccess: async (_, { verb }) => {
      notifySuccess(verb === "accept" ? m.invitations.accepted : m.invitations.declined);
      await queries.invalidateQueries({ queryKey: receivedKey });
      await queries.invalidateQueries({ queryKey: ["projects"] });
    },
    onError: notifyProblem,
  });
  const invitations = data?.items ?? [];
  if (invitations.length === 0) {
    return null;
  }
  return (
    <Stack gap="xs" component="section" aria-label={m.invitations.received}>
      {invitations.map((invitation) => (
        <Paper key={invitation.id} withBorder p="sm">
          <Group justify="space-between">
            <Text size="sm">
              {m.invitations.from(invitation.invited_by, invitation.project_name)}
            </Text>
            <Group gap="xs">
              <Button
                size="xs"
                variant="default"
                onClick={() => answer.mutate({ id: invitation.id, verb: "decline" })}
              >
                {m.invitations.decline}
              </Button>
              <Button
                size="xs"
                onClick={() => answer.mutate({ id: invitation.id, verb: "accept" })}
              >
                {m.invitations.accept}
              </Button>
            </Group>
          </Group>
        </Paper>
      ))}
    </Stack>
  );
}
