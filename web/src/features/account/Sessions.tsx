import { Badge, Box, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { formatAge } from "../../components/dates";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";

const sessionsKey = ["sessions"] as const;

/** The devices on which the person is logged in. */
export function Sessions() {
  const queries = useQueryClient();
  const { data } = useQuery({
    queryKey: sessionsKey,
    queryFn: () => unwrap(api.GET("/api/auth/sessions")),
  });
  const refresh = async () => {
    notifySuccess(m.account.sessionEnded);
    await queries.invalidateQueries({ queryKey: sessionsKey });
  };
  const end = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/auth/sessions/{session_id}", { params: { path: { session_id: id } } }),
      ),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const endOthers = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/auth/sessions")),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const sessions = data?.items ?? [];
  return (
    <Stack component="section">
      <Group justify="space-between">
        <Title order={2} size="h5">
          {m.account.sessions}
        </Title>
        {sessions.length > 1 && (
          <Button size="xs" variant="light" color="red" onClick={() => endOthers.mutate()}>
            {m.account.endOtherSessions}
          </Button>
        )}
      </Group>
      {sessions.map((session) => (
        <Group key={session.id} justify="space-between" wrap="nowrap">
          <Box miw={0}>
            <Text size="sm" truncate>
              {session.device ?? m.account.unknownDevice}
            </Text>
            <Text size="xs" c="dimmed">
              {m.account.lastUsed(formatAge(session.refreshed_at))}
            </Text>
          </Box>
          {session.is_current ? (
            <Badge variant="light" flex="none">
              {m.account.thisDevice}
            </Badge>
          ) : (
            <Button
              size="compact-xs"
              variant="subtle"
              color="red"
              flex="none"
              onClick={() => end.mutate(session.id)}
            >
              {m.auth.logOut}
            </Button>
          )}
        </Group>
      ))}
    </Stack>
  );
}
