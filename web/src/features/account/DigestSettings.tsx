import { Button, Group, NativeSelect, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Account } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { texts } from "../notifications/texts";
import { useUpdateProfile } from "./useUpdateProfile";

const HOURS = Array.from({ length: 24 }, (_, hour) => ({
  value: String(hour),
  label: `${String(hour).padStart(2, "0")}:00`,
}));

/** The hour of the daily digest in the person's time zone, or none. */
export function DigestSettings({ account }: { account: Account }) {
  const update = useUpdateProfile();
  return (
    <NativeSelect
      label={texts.digest}
      description={texts.digestHint}
      data={[{ value: "", label: texts.noDigest }, ...HOURS]}
      value={account.digest_hour === null ? "" : String(account.digest_hour)}
      disabled={update.isPending}
      onChange={({ currentTarget: { value } }) =>
        update.mutate(
          { digest_hour: value === "" ? null : Number(value) },
          { onError: notifyProblem },
        )
      }
    />
  );
}

/** The times in the person's time zone between which no emails are sent. */
export function QuietHours({ account }: { account: Account }) {
  const update = useUpdateProfile();
  const { quiet_hours: stored } = account;
  const [start, setStart] = useState(stored?.start ?? "22:00");
  const [end, setEnd] = useState(stored?.end ?? "07:00");
  const save = (quiet_hours: Account["quiet_hours"]) =>
    update.mutate({ quiet_hours }, { onError: notifyProblem });
  return (
    <form
      aria-label={texts.quiet}
      onSubmit={(event) => {
        event.preventDefault();
        save({ start, end });
      }}
    >
      <Text size="sm" fw={500}>
        {texts.quiet}
      </Text>
      <Text size="xs" c="dimmed">
        {texts.quietHint}
      </Text>
      <Group align="flex-end" mt={4}>
        <TextInput
          type="time"
          required
          label={texts.from}
          value={start}
          onChange={(event) => setStart(event.currentTarget.value)}
        />
        <TextInput
          type="time"
          required
          label={texts.until}
          value={end}
          onChange={(event) => setEnd(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" disabled={start === end} loading={update.isPending}>
          {texts.saveQuiet}
        </Button>
        {stored && (
          <Button variant="subtle" onClick={() => save(null)}>
            {texts.clearQuiet}
          </Button>
        )}
      </Group>
    </form>
  );
}
