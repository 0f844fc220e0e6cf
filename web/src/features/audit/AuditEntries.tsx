import { Stack, Table, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import type { AuditAction, AuditEntry } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { MoreButton } from "../../components/MoreButton";
import { ProblemAlert } from "../../components/ProblemAlert";
import { Select } from "../../components/Select";
import { WideTable } from "../../components/WideTable";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { texts } from "./texts";

export interface AuditPage {
  items: AuditEntry[];
  next_cursor?: string | null;
}

interface Query {
  action?: AuditAction;
  cursor?: string;
  limit: number;
}

interface Props {
  /** What the entries are about: part of the key under which they are cached. */
  of: string;
  /** The actions to choose from; without any, there is no choice. */
  actions: readonly AuditAction[];
  load: (query: Query) => Promise<AuditPage>;
}

/** Entries of the audit log, the newest first. */
export function AuditEntries({ of, actions, load }: Props) {
  const [action, setAction] = useState<AuditAction | null>(null);
  const entries = useInfiniteQuery({
    queryKey: ["audit", of, action],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      load({
        limit: 10,
        ...(action && { action }),
        ...(pageParam !== undefined && { cursor: pageParam }),
      }),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  });
  const items = entries.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="sm">
      {actions.length > 0 && (
        <Select
          label={texts.action}
          placeholder={texts.allActions}
          data={actions.map((value) => ({ value, label: texts.actions[value] }))}
          value={action}
          clearable
          maw={320}
          onChange={(value) => setAction(value as AuditAction | null)}
        />
      )}
      <ProblemAlert error={entries.error} />
      {entries.isPending && <Loading />}
      {entries.isSuccess && items.length === 0 && <Text size="sm">{texts.noEntries}</Text>}
      {items.length > 0 && <EntryTable entries={items} />}
      <MoreButton list={entries} size="xs" />
    </Stack>
  );
}

function EntryTable({ entries }: { entries: AuditEntry[] }) {
  const zone = useTimeZone();
  return (
    <WideTable minWidth={600} label={texts.entries} aria-label={texts.entries}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{texts.time}</Table.Th>
          <Table.Th>{texts.action}</Table.Th>
          <Table.Th>{texts.actor}</Table.Th>
          <Table.Th>{texts.source}</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {entries.map((entry) => (
          <Table.Tr key={entry.id} title={entry.request_id ?? entry.id}>
            <Table.Td>{formatTime(entry.at, zone)}</Table.Td>
            <Table.Td>
              {nameAction(entry)}
              <Text size="xs" c="dimmed">
                {describe(entry).join(" · ")}
              </Text>
            </Table.Td>
            <Table.Td>{nameActor(entry)}</Table.Td>
            <Table.Td>{entry.source ?? m.common.none}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

/** A newer release may have written an action that this code does not know. */
function nameAction({ action }: AuditEntry): string {
  const names: Record<string, string> = texts.actions;
  return names[action] ?? action;
}

function nameActor({ action, actor }: AuditEntry): string {
  if (actor) {
    return nameOf(actor);
  }
  return action === "account.changed_by_staff" ? texts.staff : texts.nobody;
}

/** What an entry says beside its action: the person that it is about, and its details. */
function describe({ account, target_user, details }: AuditEntry): string[] {
  const people = [target_user ?? account].flatMap((person) => (person ? [nameOf(person)] : []));
  const names: Record<string, string> = texts.details;
  const facts = Object.entries(details).map(([name, value]) => `${names[name] ?? name}: ${value}`);
  return [...people, ...facts];
}

function nameOf({ display_name, username }: { display_name: string; username: string }): string {
  return display_name || username;
}
