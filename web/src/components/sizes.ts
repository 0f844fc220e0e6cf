import { locale } from "../i18n";

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte"] as const;

/** Returns a number of bytes with a unit, such as `1.5 MB`. */
export function formatSize(bytes: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), UNITS.length - 1);
  return new Intl.NumberFormat(locale, {
    style: "unit",
    unit: UNITS[power] ?? "byte",
    unitDisplay: "short",
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(bytes / 1000 ** power);
}

/** Returns a number of percent as text, such as `80 %` in German. */
export function formatPercent(percent: number): string {
  return new Intl.NumberFormat(locale, { style: "percent" }).format(percent / 100);
}
