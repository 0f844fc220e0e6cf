/** Days and times as people read them, in their language and time zone. */
import { locale } from "../i18n";

const DAY_LENGTH = "2026-12-01".length;

/** Whether a due date is a day, such as `2026-12-01`, and not a time. */
export function isDay(due: string): boolean {
  return due.length === DAY_LENGTH;
}

/** Returns the day of a time in a time zone, as `2026-12-01`. */
export function getDay(time: Date, zone: string): string {
  return new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  }).format(time);
}

/** Returns the day that is `days` after `day`. */
export function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, DAY_LENGTH);
}

/** Returns the day of a due date, which is a day or a time. */
export function getDueDay(due: string, zone: string): string {
  return isDay(due) ? due : getDay(new Date(due), zone);
}

/** Whether a due date has passed: a day ends at midnight in the time zone. */
export function isPast(due: string, now: Date, zone: string): boolean {
  return isDay(due) ? due < getDay(now, zone) : new Date(due) < now;
}

/** Returns a day or a time as a short day: `1 Dec`, with the year if it is another one. */
export function formatDay(value: string, zone: string, now = new Date()): string {
  if (value === "") {
    return "";
  }
  const day = getDueDay(value, zone);
  const hasOtherYear = day.slice(0, 4) !== getDay(now, zone).slice(0, 4);
  return new Intl.DateTimeFormat(locale, {
    timeZone: "UTC",
    day: "numeric",
    month: "short",
    ...(hasOtherYear && { year: "numeric" }),
  }).format(new Date(`${day}T00:00:00Z`));
}

/** Returns a time with day, hour and minute. */
export function formatTime(value: string, zone: string): string {
  return new Intl.DateTimeFormat(locale, {
    timeZone: zone,
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(value));
}

/** Returns the milliseconds by which the clocks of a time zone are ahead of UTC. */
function getOffset(time: number, zone: string): number {
  // Swedish times have the form of ISO 8601.
  const wall = new Date(time).toLocaleString("sv-SE", { timeZone: zone });
  return Date.parse(`${wall.replace(" ", "T")}Z`) - Math.floor(time / 1000) * 1000;
}

/**
 * Returns the time at which clocks of a time zone show `wall`, such as `2026-12-01T17:00`, in UTC.
 * Of a time that the clocks show twice it is one, and of a time that they skip one an hour beside it.
 */
export function readWallTime(wall: string, zone: string): string {
  const asUtc = Date.parse(`${wall}Z`);
  const near = asUtc - getOffset(asUtc, zone);
  return new Date(asUtc - getOffset(near, zone)).toISOString();
}

/** Returns a due date on another day. A time keeps the hour that clocks in the time zone show. */
export function moveToDay(due: string, day: string, zone: string): string {
  if (isDay(due)) {
    return day;
  }
  const [, clock = ""] = new Date(due).toLocaleString("sv-SE", { timeZone: zone }).split(" ");
  return readWallTime(`${day}T${clock}`, zone);
}

/** Returns how long ago a time was, such as `5 minutes ago`. */
export function formatAge(value: string, now = new Date()): string {
  const seconds = (new Date(value).getTime() - now.getTime()) / 1000;
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ] as const;
  for (const [unit, length] of units) {
    if (Math.abs(seconds) >= length) {
      return relative.format(Math.round(seconds / length), unit);
    }
  }
  return relative.format(0, "second");
}

/** Returns the first day of the week: 1 is Monday, 7 is Sunday. */
export function getFirstWeekday(name: string): number {
  const info = new Intl.Locale(name) as Intl.Locale & {
    getWeekInfo?: () => { firstDay: number };
    weekInfo?: { firstDay: number };
  };
  return (info.getWeekInfo?.() ?? info.weekInfo)?.firstDay ?? 1;
}

/** Returns the days of the weeks that contain a month, such as `2026-12`. */
export function listMonthDays(month: string, firstWeekday: number): string[] {
  const first = `${month}-01`;
  const weekday = new Date(`${first}T00:00:00Z`).getUTCDay() || 7;
  const start = addDays(first, -((weekday - firstWeekday + 7) % 7));
  const days: string[] = [];
  for (let day = start; day.slice(0, 7) <= month || days.length % 7 !== 0; day = addDays(day, 1)) {
    days.push(day);
  }
  return days;
}

/** Returns the month that is `months` after `month`. */
export function addMonths(month: string, months: number): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + months);
  return date.toISOString().slice(0, 7);
}
