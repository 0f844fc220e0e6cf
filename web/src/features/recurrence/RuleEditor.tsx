import { Button, Chip, Group, Select, Stack, Text, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Task } from "../../api/types";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { useChangeTask } from "../task/mutations";
import { buildRule, numberWeekday, readForm, type RuleForm, type Start } from "./form";
import { describeRule, nameWeekday, WEEKDAYS } from "./rrule";
import { texts } from "./texts";

interface Props {
  task: Task;
  due: string;
  onClose: () => void;
}

const toOptions = <T extends string>(texts: Record<T, string>) =>
  (Object.entries(texts) as [T, string][]).map(([value, label]) => ({ value, label }));

/** Edits how a task repeats, and shows the rule in words. */
export default function RuleEditor({ task, due, onClose }: Props) {
  const start = { due, zone: useTimeZone() };
  const [form, setForm] = useState(() => readForm(task.rrule, task.repeat_from, start));
  // The task as it was when the person began to edit.
  const [seen] = useState(task);
  const change = useChangeTask();
  const set = (changes: Partial<RuleForm>) => setForm({ ...form, ...changes });
  const rule = buildRule(form, start);
  const shared = { size: "xs", allowDeselect: false } as const;

  function save() {
    const from = rule === null ? null : form.from;
    change.mutate({ task: seen, patch: { rrule: rule, repeat_from: from } });
    onClose();
  }

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save();
      }}
    >
      <Stack gap="xs">
        <Group gap="xs" align="flex-end">
          <Select
            {...shared}
            w={150}
            label={texts.repeats}
            data={toOptions(texts.kinds)}
            value={form.kind}
            onChange={(kind) => kind && set({ kind, text: form.text || (rule ?? "") })}
          />
          {form.kind !== "none" && form.kind !== "custom" && (
            <TextInput
              size="xs"
              w={80}
              type="number"
              min={1}
              max={999}
              required
              label={texts.interval}
              value={form.interval}
              onChange={(event) => set({ interval: event.currentTarget.value })}
            />
          )}
          {form.kind === "MONTHLY" && <MonthlyField form={form} set={set} start={start} />}
        </Group>
        {form.kind === "WEEKLY" && (
          <Chip.Group multiple value={form.weekdays} onChange={(weekdays) => set({ weekdays })}>
            <Group gap={4} role="group" aria-label={texts.weekdays}>
              {WEEKDAYS.map((day) => (
                <Chip key={day} value={day} size="xs" aria-label={nameWeekday(day)}>
                  {nameWeekday(day, "short")}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
        )}
        {form.kind === "custom" && (
          <TextInput
            size="xs"
            label={texts.text}
            description={texts.textHint}
            required
            maxLength={200}
            value={form.text}
            onChange={(event) => set({ text: event.currentTarget.value })}
          />
        )}
        {form.kind !== "none" && <EndFields form={form} set={set} />}
        {rule !== null && (
          <Text size="sm" aria-live="polite">
            {describeRule(rule, start.zone)}
          </Text>
        )}
        <Group gap="xs">
          <Button type="submit" size="xs">
            {m.common.save}
          </Button>
          <Button size="xs" variant="default" onClick={onClose}>
            {m.common.cancel}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface FieldProps {
  form: RuleForm;
  set: (changes: Partial<RuleForm>) => void;
}

function MonthlyField({ form, set, start }: FieldProps & { start: Start }) {
  const weekday = numberWeekday(start);
  const name = texts.numbered(
    texts.ordinal(Number(weekday.slice(0, -2))),
    nameWeekday(weekday.slice(-2)),
  );
  return (
    <Select
      size="xs"
      w={190}
      allowDeselect={false}
      label={texts.monthly}
      data={[
        { value: "date", label: texts.sameDay },
        { value: "weekday", label: texts.on(name) },
        { value: "last", label: texts.on(texts.monthDay(-1)) },
      ]}
      value={form.monthly}
      onChange={(monthly) => monthly && set({ monthly })}
    />
  );
}

/** When the series ends, and from when the next due date is counted. */
function EndFields({ form, set }: FieldProps) {
  return (
    <Group gap="xs" align="flex-end">
      {form.kind !== "custom" && (
        <Select
          size="xs"
          w={150}
          allowDeselect={false}
          label={texts.ends}
          data={toOptions(texts.endKinds)}
          value={form.end}
          onChange={(end) => end && set({ end })}
        />
      )}
      {form.kind !== "custom" && form.end === "count" && (
        <TextInput
          size="xs"
          w={80}
          type="number"
          min={1}
          max={9999}
          required
          label={texts.count}
          value={form.count}
          onChange={(event) => set({ count: event.currentTarget.value })}
        />
      )}
      {form.kind !== "custom" && form.end === "until" && (
        <TextInput
          size="xs"
          type="date"
          required
          label={texts.lastDay}
          value={form.until}
          onChange={(event) => set({ until: event.currentTarget.value })}
        />
      )}
      <Select
        size="xs"
        w={220}
        allowDeselect={false}
        label={m.fields.repeat_from}
        data={toOptions(texts.from)}
        value={form.from}
        onChange={(from) => from && set({ from })}
      />
    </Group>
  );
}
