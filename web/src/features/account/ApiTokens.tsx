import { Button, Checkbox, Group, Stack, TextInput, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Scope } from "../../api/types";
import { formatAge, formatDay } from "../../components/dates";
import { notifyProblem } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { Credential, CredentialList, NewSecret } from "./Credential";
import { useTimeZone } from "./useAccount";
import { texts } from "./texts";

const tokensKey = ["api-tokens"] as const;
const SCOPES: Scope[] = [
  "account:read",
  "projects:read",
  "projects:write",
  "tasks:read",
  "tasks:write",
  "audit:read",
];
const DAY = 86_400_000;

/** The person's API tokens. */
export default function ApiTokens() {
  const queries = useQueryClient();
  const zone = useTimeZone();
  const { data } = useQuery({
    queryKey: tokensKey,
    queryFn: () => unwrap(api.GET("/api/auth/tokens")),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/auth/tokens/{token_id}", { params: { path: { token_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: tokensKey }),
    onError: notifyProblem,
  });
  return (
    <Stack gap="lg">
      <NewToken />
      <CredentialList title={texts.title}>
        {data?.items.map((token) => (
          <Credential
            key={token.id}
            name={token.name}
            details={[
              token.scopes.join(", "),
              texts.until(formatDay(token.expires_at, zone)),
              token.last_used_at === null
                ? texts.neverUsed
                : m.account.lastUsed(formatAge(token.last_used_at)),
            ]}
            onDelete={() => remove.mutate(token.id)}
          />
        ))}
      </CredentialList>
    </Stack>
  );
}

function NewToken() {
  const queries = useQueryClient();
  const [scopes, setScopes] = useState<string[]>(["projects:read", "tasks:read"]);
  const [days, setDays] = useState("90");
  const create = useMutation({
    mutationFn: (name: string) =>
      unwrap(
        api.POST("/api/auth/tokens", {
          params: { header: idempotencyKey() },
          body: {
            name,
            scopes: scopes as Scope[],
            expires_at: new Date(Date.now() + Number(days) * DAY).toISOString(),
          },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: tokensKey }),
  });
  const { values, bind } = useFields({ name: "" }, create.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(values.name);
      }}
    >
      <Stack>
        <Title order={2} size="h5">
          {texts.create}
        </Title>
        <ProblemAlert error={create.error} fields={["name"]} />
        <Group align="flex-end">
          <TextInput
            flex={1}
            miw={200}
            label={texts.name}
            required
            maxLength={100}
            {...bind("name")}
          />
          <Select
            w={140}
            label={texts.lifetime}
            data={["7", "30", "90", "365"].map((value) => ({
              value,
              label: texts.days(Number(value)),
            }))}
            value={days}
            allowDeselect={false}
            onChange={(value) => value && setDays(value)}
          />
        </Group>
        <Checkbox.Group label={texts.scopes} value={scopes} onChange={setScopes}>
          <Group mt={6}>
            {SCOPES.map((scope) => (
              <Checkbox key={scope} value={scope} label={scope} />
            ))}
          </Group>
        </Checkbox.Group>
        <Group>
          <Button type="submit" loading={create.isPending} disabled={scopes.length === 0}>
            {m.common.create}
          </Button>
        </Group>
        {create.data && <NewSecret title={texts.shownOnce} secret={create.data.token} />}
      </Stack>
    </form>
  );
}
