import { SegmentedControl, Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { LedgerMail, MailState } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { MoreButton } from "../../components/MoreButton";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useChangeSearch } from "../../components/useChangeSearch";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { StaffTable } from "./StaffTable";
import { texts } from "./texts";

const STATES = ["waiting", "sent", "dropped", "parked"] as const satisfies MailState[];

/** The mails of the service in one state, which is in the address. */
export function Mails() {
  const [search] = useSearchParams();
  const change = useChangeSearch();
  const state = STATES.find((name) => name === search.get("state")) ?? "waiting";
  const mails = useInfiniteQuery({
    queryKey: ["staff", "mails", state],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(api.GET("/api/admin/mails", { params: { query: { state, cursor: pageParam } } })),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  });
  const items = mails.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack>
      <SegmentedControl
        aria-label={texts.mailState}
        value={state}
        onChange={(next) => change({ state: next })}
        data={STATES.map((value) => ({ value, label: texts.mailStates[value] }))}
        maw={480}
      />
      <Text size="sm" c="dimmed">
        {texts.mailHints[state]}
      </Text>
      <ProblemAlert error={mails.error} />
      {mails.isPending && <Loading />}
      {mails.isSuccess && items.length === 0 && <Text>{texts.noMails}</Text>}
      {items.length > 0 && <MailTable mails={items} />}
      <MoreButton list={mails} />
    </Stack>
  );
}

function MailTable({ mails }: { mails: LedgerMail[] }) {
  const zone = useTimeZone();
  const { kind, recipient, attempts, queued, dueOrEnded } = texts;
  const rows = mails.map((mail) => ({
    id: mail.id,
    title: mail.message_id ?? mail.id,
    cells: [
      mail.kind,
      mail.recipient ?? m.common.none,
      mail.attempts,
      formatTime(mail.created_at, zone),
      formatTime(mail.settled_at ?? mail.due_at ?? mail.created_at, zone),
    ],
  }));
  return <StaffTable heads={[kind, recipient, attempts, queued, dueOrEnded]} rows={rows} />;
}
