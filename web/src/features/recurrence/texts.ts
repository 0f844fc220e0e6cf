/** The texts of rules by which tasks repeat. */
import { chooseTexts } from "../../i18n";

const ENGLISH_ORDINALS = ["", "first", "second", "third", "fourth", "fifth"];

/** Writes a place in an order, counted from the end if it is negative. */
const englishOrdinal = (place: number): string =>
  place === -1
    ? "last"
    : place < 0
      ? `${englishOrdinal(-place)} to last`
      : (ENGLISH_ORDINALS[place] ?? `${place}th`);

const GERMAN_ORDINALS = ["", "ersten", "zweiten", "dritten", "vierten", "fünften"];

/** Writes a place in an order, counted from the end if it is negative. */
const germanOrdinal = (place: number) =>
  place === -1
    ? "letzten"
    : place < 0
      ? `${-place}.-letzten`
      : (GERMAN_ORDINALS[place] ?? `${place}.`);

const en = {
  atHours: (hours: string) => `at ${hours}`,
  count: "Times",
  edit: "Edit the repetition",
  endKinds: { never: "Never", count: "After a number", until: "On a day" },
  ends: "Ends",
  every: {
    DAILY: (count: number) => (count === 1 ? "Every day" : `Every ${count} days`),
    WEEKLY: (count: number) => (count === 1 ? "Every week" : `Every ${count} weeks`),
    MONTHLY: (count: number) => (count === 1 ? "Every month" : `Every ${count} months`),
    YEARLY: (count: number) => (count === 1 ? "Every year" : `Every ${count} years`),
  },
  from: { due_date: "from the due date", completed_at: "from the completion" },
  inMonths: (months: string) => `in ${months}`,
  inWeeks: (weeks: string) => `in week ${weeks}`,
  interval: "Every",
  kinds: {
    none: "Not",
    DAILY: "Daily",
    WEEKLY: "Weekly",
    MONTHLY: "Monthly",
    YEARLY: "Yearly",
    custom: "By a rule",
  },
  lastDay: "Last day",
  monthDay: (day: number) => (day > 0 ? `day ${day}` : `the ${englishOrdinal(day)} day`),
  monthly: "Day",
  needsDueDate: "A task with a due date can repeat.",
  nextTask: "Next task of the series",
  none: "Does not repeat",
  numbered: (place: string, weekday: string) => `the ${place} ${weekday}`,
  on: (days: string) => `on ${days}`,
  only: (places: string) => `(only the ${places} of them)`,
  onYearDays: (days: string) => `on the ${days} day of the year`,
  ordinal: englishOrdinal,
  repeats: "Repeats",
  sameDay: "on the same day",
  text: "Rule (RFC 5545)",
  textHint: "Such as FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
  times: (count: number) => (count === 1 ? "once" : `${count} times`),
  until: (day: string) => `until ${day}`,
  weekdays: "Weekdays",
};

const de: typeof en = {
  atHours: (hours) => `um ${hours}`,
  count: "Anzahl",
  edit: "Wiederholung bearbeiten",
  endKinds: { never: "Nie", count: "Nach einer Anzahl", until: "An einem Tag" },
  ends: "Endet",
  every: {
    DAILY: (count) => (count === 1 ? "Jeden Tag" : `Alle ${count} Tage`),
    WEEKLY: (count) => (count === 1 ? "Jede Woche" : `Alle ${count} Wochen`),
    MONTHLY: (count) => (count === 1 ? "Jeden Monat" : `Alle ${count} Monate`),
    YEARLY: (count) => (count === 1 ? "Jedes Jahr" : `Alle ${count} Jahre`),
  },
  from: { due_date: "ab der Fälligkeit", completed_at: "ab dem Erledigen" },
  inMonths: (months) => `im ${months}`,
  inWeeks: (weeks) => `in Woche ${weeks}`,
  interval: "Alle",
  kinds: {
    none: "Nicht",
    DAILY: "Täglich",
    WEEKLY: "Wöchentlich",
    MONTHLY: "Monatlich",
    YEARLY: "Jährlich",
    custom: "Nach einer Regel",
  },
  lastDay: "Letzter Tag",
  monthDay: (day) => (day > 0 ? `${day}.` : `${germanOrdinal(day)} Tag`),
  monthly: "Tag",
  needsDueDate: "Eine Aufgabe mit Fälligkeit kann sich wiederholen.",
  nextTask: "Nächste Aufgabe der Reihe",
  none: "Wiederholt sich nicht",
  numbered: (place, weekday) => `${place} ${weekday}`,
  on: (days) => `am ${days}`,
  only: (places) => `(nur am ${places} davon)`,
  onYearDays: (days) => `am ${days} Tag des Jahres`,
  ordinal: germanOrdinal,
  repeats: "Wiederholt sich",
  sameDay: "am selben Tag",
  text: "Regel (RFC 5545)",
  textHint: "Zum Beispiel FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1",
  times: (count) => (count === 1 ? "einmal" : `${count}-mal`),
  until: (day) => `bis ${day}`,
  weekdays: "Wochentage",
};

export const texts = chooseTexts({ en, de });
