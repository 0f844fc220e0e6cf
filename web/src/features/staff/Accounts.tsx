import { Badge, Button, Stack, Switch, Table, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { StaffAccount } from "../../api/types";
import { formatDay } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { MoreButton } from "../../components/MoreButton";
import { notifyProblem } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { WideTable } from "../../components/WideTable";
import { m } from "../../i18n";
import { useAccount, useTimeZone } from "../account/useAccount";
import { texts } from "./texts";

const usersKey = ["staff", "users"] as const;

/** The accounts of the site: to find, to disable, and to make site staff. */
export function Accounts() {
  const [text, setText] = useState("");
  const [email] = useDebouncedValue(text.trim(), 300);
  const users = useInfiniteQuery({
    queryKey: [...usersKey, email],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/admin/users", {
          params: { query: { ...(email && { email }), cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const accounts = users.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack>
      <TextInput
        label={texts.search}
        maw={360}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <ProblemAlert error={users.error} />
      {users.isPending && <Loading />}
      <WideTable minWidth={640}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{m.auth.email}</Table.Th>
            <Table.Th>{m.auth.username}</Table.Th>
            <Table.Th>{texts.since}</Table.Th>
            <Table.Th>{texts.isStaff}</Table.Th>
            <Table.Th>{texts.isDisabled}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {accounts.map((account) => (
            <AccountRow key={account.id} account={account} />
          ))}
        </Table.Tbody>
      </WideTable>
      <MoreButton list={users} />
    </Stack>
  );
}

function AccountRow({ account }: { account: StaffAccount }) {
  const { data: self } = useAccount();
  const zone = useTimeZone();
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (body: { is_disabled?: boolean; is_staff?: boolean }) =>
      unwrap(
        api.PATCH("/api/admin/users/{user_id}", {
          params: { path: { user_id: account.id } },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersKey }),
    onError: notifyProblem,
  });
  const reset = useMutation({
    mutationFn: () =>
      unwrap(
        api.DELETE("/api/admin/users/{user_id}/second-factors", {
          params: { path: { user_id: account.id } },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: usersKey }),
    onError: notifyProblem,
  });
  const isOwn = account.id === self?.id;
  return (
    <Table.Tr>
      <Table.Td>
        {account.email}{" "}
        {!account.is_verified && (
          <Badge size="xs" color="gray" variant="light">
            {texts.unverified}
          </Badge>
        )}
        {account.has_second_factor && (
          <Button
            size="compact-xs"
            variant="subtle"
            color="red"
            aria-label={texts.resetFactors(account.email)}
            disabled={isOwn}
            loading={reset.isPending}
            onClick={() => reset.mutate()}
          >
            {texts.resetFactorsShort}
          </Button>
        )}
      </Table.Td>
      <Table.Td>
        <Text size="sm">{account.username}</Text>
      </Table.Td>
      <Table.Td>{formatDay(account.created_at, zone)}</Table.Td>
      <Table.Td>
        <Switch
          aria-label={texts.makeStaff(account.email)}
          checked={account.is_staff}
          disabled={isOwn || change.isPending}
          onChange={(event) => change.mutate({ is_staff: event.currentTarget.checked })}
        />
      </Table.Td>
      <Table.Td>
        <Switch
          color="red"
          aria-label={texts.disable(account.email)}
          checked={account.is_disabled}
          disabled={isOwn || change.isPending}
          onChange={(event) => change.mutate({ is_disabled: event.currentTarget.checked })}
        />
      </Table.Td>
    </Table.Tr>
  );
}
