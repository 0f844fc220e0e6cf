import { Anchor, Box, Button, Group, Stack, Text, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { CurrentPasswordInput } from "../../components/AccountInputs";
import { formatAge } from "../../components/dates";
import { notifySuccess } from "../../components/notify";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { leave } from "./authorization";
import { identitiesKey, type IdentityProvider, useIdentities } from "./queries";
import { SignInProblem } from "./SignInProblem";
import { texts } from "./texts";

/** The identities with which the person logs in, and a form to link another one. */
export default function LinkedIdentities({ providers }: { providers: IdentityProvider[] }) {
  const queries = useQueryClient();
  const { data } = useIdentities();
  const unlink = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.DELETE("/api/auth/identities/{identity_id}", {
          params: { path: { identity_id: id } },
        }),
      ),
    onSuccess: async () => {
      notifySuccess(texts.unlinked);
      await queries.invalidateQueries({ queryKey: identitiesKey });
    },
  });
  return (
    <Stack component="section">
      <Title order={2} size="h5">
        {texts.title}
      </Title>
      <SignInProblem error={unlink.error} />
      {data?.items.map(({ id, provider, provider_name, email, last_used_at }) => (
        <Group key={id} justify="space-between" wrap="nowrap">
          <Box miw={0}>
            <Text size="sm" truncate>
              {provider_name ?? provider}
            </Text>
            <Text size="xs" c="dimmed">
              {email} · {m.account.lastUsed(formatAge(last_used_at))}
            </Text>
          </Box>
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            flex="none"
            aria-label={texts.unlinkName(provider_name ?? provider, email)}
            onClick={() => unlink.mutate(id)}
          >
            {texts.unlink}
          </Button>
        </Group>
      ))}
      <LinkForm providers={providers} />
    </Stack>
  );
}

function LinkForm({ providers }: { providers: IdentityProvider[] }) {
  const start = useMutation({
    mutationFn: (body: { provider: string; password: string }) =>
      unwrap(api.POST("/api/auth/identities/start", { body })),
    onSuccess: (response) => leave({ kind: "link" }, response.authorization_url),
  });
  const { values, bind } = useFields({ password: "" }, start.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        const { submitter } = event.nativeEvent;
        const provider = submitter?.getAttribute("value") ?? "";
        start.mutate({ provider, ...values });
      }}
    >
      <Stack>
        <Text size="sm">
          {texts.explanation} {texts.noPassword}{" "}
          <Anchor component={Link} underline="always" to="/forgot-password">
            {m.auth.requestNewLink}
          </Anchor>
        </Text>
        <SignInProblem error={start.error} fields={["password"]} />
        <CurrentPasswordInput {...bind("password")} />
        <Group>
          {providers.map(({ id, name }) => (
            <Button
              key={id}
              type="submit"
              value={id}
              variant="default"
              loading={start.isPending && start.variables.provider === id}
            >
              {texts.link(name)}
            </Button>
          ))}
        </Group>
      </Stack>
    </form>
  );
}
