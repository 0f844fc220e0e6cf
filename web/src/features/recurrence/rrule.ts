/** Recurrence rules (RFC 5545, section 3.3.10): their parts, and in words. */
import { formatDay, getDay } from "../../components/dates";
import { locale } from "../../i18n";
import { texts } from "./texts";

export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export const FREQUENCIES = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"] as const;
export type Frequency = (typeof FREQUENCIES)[number];

/** The values of a rule by the name of the part. */
export type Rule = Partial<Record<string, string>>;

/** Returns the parts of a rule, such as `FREQ=WEEKLY;BYDAY=MO`, or null if it is none. */
export function parseRule(text: string): Rule | null {
  const parts = text
    .trim()
    .toUpperCase()
    .replace(/^RRULE:/, "")
    .split(";");
  const rule = Object.fromEntries(parts.map((part) => part.split("=", 2) as [string, string]));
  return (FREQUENCIES as readonly string[]).includes(rule.FREQ ?? "") ? rule : null;
}

const MONDAY = Date.UTC(2024, 0, 1);
const DAY = 86_400_000;

/** Returns the name of a weekday, such as `MO`. */
export function nameWeekday(day: string, weekday: "long" | "short" = "long"): string {
  const index = (WEEKDAYS as readonly string[]).indexOf(day);
  const format = new Intl.DateTimeFormat(locale, { weekday, timeZone: "UTC" });
  return format.format(MONDAY + index * DAY);
}

function nameMonth(month: string): string {
  const format = new Intl.DateTimeFormat(locale, { month: "long", timeZone: "UTC" });
  return format.format(Date.UTC(2024, Number(month) - 1, 1));
}

function list(values: string, name: (value: string) => string): string {
  return new Intl.ListFormat(locale).format(values.split(",").map(name));
}

/** Writes a weekday with its number in the month or year: `-1FR` is the last Friday. */
function describeWeekday(value: string): string {
  const [, number = "", day = ""] = /^([+-]?\d*)([A-Z]{2})$/.exec(value) ?? [];
  const name = nameWeekday(day);
  return number === "" ? name : texts.numbered(texts.ordinal(Number(number)), name);
}

/** Returns the day until which a rule goes on, for a day such as `20261231` or a time in UTC. */
export function readUntil(until: string, zone: string): string {
  const day = `${until.slice(0, 4)}-${until.slice(4, 6)}-${until.slice(6, 8)}`;
  const [hours, minutes] = [until.slice(9, 11), until.slice(11, 13)];
  return until.length === 8 ? day : getDay(new Date(`${day}T${hours}:${minutes}Z`), zone);
}

type Describe = (values: string, rule: Rule) => string;

// In the order in which the words follow each other.
const PARTS: [string, Describe][] = [
  ["BYMONTH", (months) => texts.inMonths(list(months, nameMonth))],
  ["BYWEEKNO", (weeks) => texts.inWeeks(list(weeks, (week) => week))],
  ["BYYEARDAY", (days) => texts.onYearDays(list(days, (day) => texts.ordinal(Number(day))))],
  ["BYMONTHDAY", (days) => texts.on(list(days, (day) => texts.monthDay(Number(day))))],
  ["BYDAY", (days) => texts.on(list(days, describeWeekday))],
  ["BYHOUR", (hours) => texts.atHours(list(hours, (hour) => `${hour}:00`))],
  ["BYSETPOS", (places) => texts.only(list(places, (place) => texts.ordinal(Number(place))))],
];

/** Returns a rule in words, such as `Every 2 weeks on Monday, 5 times`; a text that is none as it is. */
export function describeRule(text: string, zone: string): string {
  const rule = parseRule(text);
  if (rule === null) {
    return text;
  }
  const every = texts.every[rule.FREQ as Frequency](Number(rule.INTERVAL ?? 1));
  const words = PARTS.flatMap(([name, describe]) => {
    const values = rule[name];
    return values === undefined ? [] : [describe(values, rule)];
  });
  const ends = [
    ...(rule.COUNT === undefined ? [] : [texts.times(Number(rule.COUNT))]),
    ...(rule.UNTIL === undefined
      ? []
      : [texts.until(formatDay(readUntil(rule.UNTIL, zone), zone))]),
  ];
  return [[every, ...words].join(" "), ...ends].join(", ");
}
