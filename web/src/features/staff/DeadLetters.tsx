import { Alert, Code, Group, Stack, Text } from "@mantine/core";
import { IconMailExclamation } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { DeadLetter } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useTimeZone } from "../account/useAccount";
import { StaffTable } from "./StaffTable";
import { texts } from "./texts";

const POLL_MILLISECONDS = 30_000;

/** The events that functions gave up on. An operator replays them on the command line. */
export function DeadLetters() {
  const { data, error, isPending } = useQuery({
    queryKey: ["staff", "dead-letters"],
    queryFn: () => unwrap(api.GET("/api/admin/dead-letters")),
    refetchInterval: POLL_MILLISECONDS,
  });
  if (isPending) {
    return <Loading />;
  }
  if (!data) {
    return <ProblemAlert error={error} />;
  }
  const { waiting, being_replayed: replayed, items } = data;
  return (
    <Stack>
      <ProblemAlert error={error} />
      <Text>{texts.letters(waiting, replayed)}</Text>
      {items.length > 0 && (
        <Alert color="yellow" icon={<IconMailExclamation aria-hidden />}>
          <Group gap="xs">
            {texts.replayHint} <Code>make replay STAGE=…</Code>
          </Group>
        </Alert>
      )}
      {items.length > 0 && <LetterTable letters={items} />}
      {items.length < waiting && (
        <Text size="sm" c="dimmed">
          {texts.someLetters(items.length)}
        </Text>
      )}
    </Stack>
  );
}

function LetterTable({ letters }: { letters: DeadLetter[] }) {
  const zone = useTimeZone();
  const { since, function: name, reason, attempts, lost } = texts;
  const rows = letters.map((letter) => ({
    id: letter.id,
    title: letter.request_id ?? letter.id,
    cells: [
      formatTime(letter.sent_at, zone),
      letter.function ?? texts.unknownFunction,
      letter.reason,
      letter.invocations,
      letter.records === null ? texts.anEvent : texts.records(letter.records),
    ],
  }));
  return <StaffTable heads={[since, name, reason, attempts, lost]} rows={rows} />;
}
