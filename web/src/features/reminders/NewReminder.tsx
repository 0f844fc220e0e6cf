import { Button, Group, Select, TextInput } from "@mantine/core";
import { useCallback, useState } from "react";

import type { Reminder } from "../../api/types";
import { readWallTime } from "../../components/dates";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { type Unit, UNITS } from "./durations";
import { texts } from "./texts";

interface Props {
  isPending: boolean;
  onAdd: (reminder: Reminder, onDone: () => void) => void;
}

// The API takes reminders up to this long before a task is due.
const MAX_MINUTES = 527_040;

/** Adds a reminder: some time before the task is due, or at a time in the person's time zone. */
export default function NewReminder({ isPending, onAdd }: Props) {
  const zone = useTimeZone();
  const [kind, setKind] = useState<Unit | "at">("hour");
  const [value, setValue] = useState("1");
  const focus = useCallback((input: HTMLInputElement | null) => input?.focus(), []);

  function submit() {
    const reminder =
      kind === "at"
        ? { at: readWallTime(value, zone) }
        : { minutes_before: Number(value) * UNITS[kind] };
    onAdd(reminder, () => setValue(kind === "at" ? "" : "1"));
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Group gap="xs" mt={4}>
        {kind === "at" ? (
          <TextInput
            size="xs"
            type="datetime-local"
            aria-label={`${texts.time} (${zone})`}
            title={zone}
            required
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        ) : (
          <TextInput
            ref={focus}
            size="xs"
            type="number"
            w={72}
            min={0}
            max={Math.floor(MAX_MINUTES / UNITS[kind])}
            aria-label={texts.amount}
            required
            value={value}
            onChange={(event) => setValue(event.currentTarget.value)}
          />
        )}
        <Select
          size="xs"
          w={150}
          aria-label={texts.when}
          allowDeselect={false}
          data={[
            ...Object.entries(texts.units).map(([unit, label]) => ({ value: unit, label })),
            { value: "at", label: texts.at },
          ]}
          value={kind}
          onChange={(next) => {
            setKind(next as Unit | "at");
            setValue(next === "at" ? "" : "1");
          }}
        />
        <Button type="submit" size="xs" variant="default" loading={isPending}>
          {m.common.add}
        </Button>
      </Group>
    </form>
  );
}
