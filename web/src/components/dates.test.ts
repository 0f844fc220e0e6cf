import { describe, expect, it } from "vitest";

import {
  addDays,
  addMonths,
  formatAge,
  formatDay,
  getDay,
  isPast,
  listMonthDays,
  moveToDay,
  readWallTime,
} from "./dates";

const NOON = new Date("2026-12-01T12:00:00Z");

describe("getDay", () => {
  it("returns the day of the time zone, not of UTC", () => {
    const late = new Date("2026-12-01T23:30:00Z");
    expect(getDay(late, "UTC")).toBe("2026-12-01");
    expect(getDay(late, "Europe/Berlin")).toBe("2026-12-02");
    expect(getDay(late, "America/Los_Angeles")).toBe("2026-12-01");
  });
});

describe("isPast", () => {
  it("lets a day last until midnight in the time zone", () => {
    expect(isPast("2026-12-01", NOON, "UTC")).toBe(false);
    expect(isPast("2026-11-30", NOON, "UTC")).toBe(true);
    expect(isPast("2026-12-01", NOON, "Pacific/Kiritimati")).toBe(true);
  });

  it("compares times as times", () => {
    expect(isPast("2026-12-01T13:00:00+02:00", NOON, "UTC")).toBe(true);
    expect(isPast("2026-12-01T13:00:00Z", NOON, "UTC")).toBe(false);
  });
});

describe("formatDay", () => {
  it("names the year only if it is another one", () => {
    expect(formatDay("2026-12-24", "UTC", NOON)).toBe("Dec 24");
    expect(formatDay("2027-01-02", "UTC", NOON)).toBe("Jan 2, 2027");
  });
});

describe("formatAge", () => {
  it("uses the largest unit that fits", () => {
    expect(formatAge("2026-12-01T11:59:30Z", NOON)).toBe("now");
    expect(formatAge("2026-12-01T11:55:00Z", NOON)).toBe("5 minutes ago");
    expect(formatAge("2026-11-30T11:00:00Z", NOON)).toBe("yesterday");
  });
});

describe("listMonthDays", () => {
  it("fills whole weeks that begin on the given weekday", () => {
    const days = listMonthDays("2026-12", 1);
    expect([days[0], days.at(-1), days.length]).toEqual(["2026-11-30", "2027-01-03", 35]);
    expect(listMonthDays("2026-12", 7)[0]).toBe("2026-11-29");
  });

  it("has no week of other months", () => {
    expect(listMonthDays("2027-02", 1)).toHaveLength(28);
  });
});

describe("addDays and addMonths", () => {
  it("cross the ends of months and years", () => {
    expect(addDays("2026-12-31", 1)).toBe("2027-01-01");
    expect(addMonths("2026-12", 1)).toBe("2027-01");
    expect(addMonths("2026-01", -1)).toBe("2025-12");
  });
});

describe("readWallTime", () => {
  it("uses the offset of that day, in winter and in summer", () => {
    expect(readWallTime("2026-12-01T17:00", "Europe/Berlin")).toBe("2026-12-01T16:00:00.000Z");
    expect(readWallTime("2026-07-01T17:00", "Europe/Berlin")).toBe("2026-07-01T15:00:00.000Z");
    expect(readWallTime("2026-12-01T17:00", "Asia/Kolkata")).toBe("2026-12-01T11:30:00.000Z");
  });

  it("uses the right offset within hours of a change of the clocks", () => {
    expect(readWallTime("2026-03-29T03:30", "Europe/Berlin")).toBe("2026-03-29T01:30:00.000Z");
    expect(readWallTime("2026-03-29T01:30", "Europe/Berlin")).toBe("2026-03-29T00:30:00.000Z");
    expect(readWallTime("2026-11-01T03:00", "America/New_York")).toBe("2026-11-01T08:00:00.000Z");
  });
});

describe("moveToDay", () => {
  it("replaces a day by the other day", () => {
    expect(moveToDay("2026-12-01", "2026-12-24", "Europe/Berlin")).toBe("2026-12-24");
  });

  it("keeps the hour of a time, also across a change of the clocks", () => {
    const winter = "2026-03-28T08:30:00.000Z";
    expect(moveToDay(winter, "2026-03-30", "Europe/Berlin")).toBe("2026-03-30T07:30:00.000Z");
    const late = "2026-12-01T23:30:00+01:00";
    expect(moveToDay(late, "2026-12-24", "Europe/Berlin")).toBe("2026-12-24T22:30:00.000Z");
  });
});
