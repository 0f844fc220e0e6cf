/** Minutes before a due date, as people say them. */
import { locale } from "../../i18n";
import { texts } from "./texts";

export const UNITS = { minute: 1, hour: 60, day: 1440, week: 10_080 } as const;
export type Unit = keyof typeof UNITS;

/** Returns a number of minutes with the largest unit that it is a multiple of: `2 hours`. */
export function formatDuration(minutes: number): string {
  const units = Object.entries(UNITS) as [Unit, number][];
  const [unit, length] = units.findLast((each) => minutes % each[1] === 0) ?? ["minute", 1];
  const format = new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "long" });
  return format.format(minutes / length);
}

/** Returns when a reminder comes that is `minutes` before the due date. */
export function formatLead(minutes: number): string {
  return minutes === 0 ? texts.atDue : texts.before(formatDuration(minutes));
}
