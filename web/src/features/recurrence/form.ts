/** The rule of a task as the fields of a form. */
import type { Task } from "../../api/types";
import { getDueDay, isDay, readWallTime } from "../../components/dates";
import { type Frequency, FREQUENCIES, parseRule, readUntil, type Rule, WEEKDAYS } from "./rrule";

export interface RuleForm {
  kind: Frequency | "none" | "custom";
  interval: string;
  weekdays: string[];
  monthly: "date" | "weekday" | "last";
  end: "never" | "count" | "until";
  count: string;
  until: string;
  /** The rule itself, for `custom`. */
  text: string;
  from: NonNullable<Task["repeat_from"]>;
}

/** The due date of the task, from which the rule starts, and the time zone of the person. */
export interface Start {
  due: string;
  zone: string;
}

const MAX_NUMBERED_WEEK = 4;

/** Returns the weekday of a due date with its number in the month: `3TU`, or `-1TU` for the last. */
export function numberWeekday({ due, zone }: Start): string {
  const day = getDueDay(due, zone);
  const weekday = WEEKDAYS[(new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7] ?? "MO";
  const week = Math.ceil(Number(day.slice(8)) / 7);
  return `${week > MAX_NUMBERED_WEEK ? -1 : week}${weekday}`;
}

function buildUntil(day: string, { due, zone }: Start): string {
  if (isDay(due)) {
    return day.replaceAll("-", "");
  }
  const end = readWallTime(`${day}T23:59:59`, zone);
  return `${end.slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** Returns the rule of a form; null for none. */
export function buildRule(form: RuleForm, start: Start): string | null {
  if (form.kind === "none") {
    return null;
  }
  if (form.kind === "custom") {
    return form.text.trim().toUpperCase();
  }
  const isMonthly = form.kind === "MONTHLY";
  const parts: Rule = {
    FREQ: form.kind,
    ...(Number(form.interval) > 1 && { INTERVAL: form.interval }),
    ...(form.kind === "WEEKLY" && form.weekdays.length > 0 && { BYDAY: sortDays(form.weekdays) }),
    ...(isMonthly && form.monthly === "weekday" && { BYDAY: numberWeekday(start) }),
    ...(isMonthly && form.monthly === "last" && { BYMONTHDAY: "-1" }),
    ...(form.end === "count" && { COUNT: form.count }),
    ...(form.end === "until" && form.until !== "" && { UNTIL: buildUntil(form.until, start) }),
  };
  return Object.entries(parts)
    .map(([name, value]) => `${name}=${value ?? ""}`)
    .join(";");
}

function sortDays(days: string[]): string {
  return WEEKDAYS.filter((day) => days.includes(day)).join(",");
}

/** Returns the form for a rule; it is `custom` if the other fields cannot say the same. */
export function readForm(text: string | null, from: Task["repeat_from"], start: Start): RuleForm {
  const rule = text === null ? null : parseRule(text);
  const form: RuleForm = {
    kind: FREQUENCIES.find((each) => each === rule?.FREQ) ?? (text === null ? "none" : "custom"),
    interval: rule?.INTERVAL ?? "1",
    weekdays: rule?.BYDAY?.split(",") ?? [numberWeekday(start).slice(-2)],
    monthly: rule?.BYDAY ? "weekday" : rule?.BYMONTHDAY ? "last" : "date",
    end: rule?.COUNT ? "count" : rule?.UNTIL ? "until" : "never",
    count: rule?.COUNT ?? "10",
    until: rule?.UNTIL ? readUntil(rule.UNTIL, start.zone) : "",
    text: text ?? "",
    from: from ?? "due_date",
  };
  if (rule?.FREQ === "WEEKLY" && rule.BYDAY === undefined) {
    form.weekdays = [];
  }
  const isSame = rule === null || isSameRule(parseRule(buildRule(form, start) ?? ""), rule);
  return isSame ? form : { ...form, kind: "custom" };
}

/** Whether two rules have the same parts; an interval of one is like none. */
function isSameRule(left: Rule | null, right: Rule): boolean {
  const normalize = (rule: Rule | null) =>
    JSON.stringify(Object.entries({ INTERVAL: "1", ...rule }).sort());
  return normalize(left) === normalize(right);
}
