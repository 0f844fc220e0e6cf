import { describe, expect, it } from "vitest";

import { buildRule, readForm } from "./form";
import { describeRule } from "./rrule";

const DAY = { due: "2026-12-15", zone: "Europe/Berlin" };
const TIME = { due: "2026-12-15T09:00:00+01:00", zone: "Europe/Berlin" };

describe("describeRule", () => {
  it.each([
    ["FREQ=DAILY", "Every day"],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "Every 2 weeks on Monday and Thursday"],
    ["RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=5", "Every month on the last Friday, 5 times"],
    ["FREQ=MONTHLY;BYMONTHDAY=1,-1", "Every month on day 1 and the last day"],
    [
      "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1",
      "Every month on Monday and Tuesday (only the first of them)",
    ],
    ["FREQ=YEARLY;BYMONTH=1,7;BYMONTHDAY=2", "Every year in January and July on day 2"],
    ["FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "Every year in week 20 on Monday"],
    ["FREQ=DAILY;BYHOUR=9,17", "Every day at 9:00 and 17:00"],
    ["FREQ=DAILY;UNTIL=20991231T233000Z", "Every day, until Jan 1, 2100"],
  ])("%s", (rule, words) => {
    expect(describeRule(rule, "Europe/Berlin")).toBe(words);
  });

  it("leaves a text that is no rule as it is", () => {
    expect(describeRule("sometimes", "UTC")).toBe("sometimes");
  });
});

describe("readForm and buildRule", () => {
  it.each([
    "FREQ=DAILY;INTERVAL=3",
    "FREQ=WEEKLY",
    "FREQ=WEEKLY;BYDAY=MO,FR",
    "FREQ=MONTHLY;BYDAY=3TU",
    "FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=4",
    "FREQ=YEARLY;UNTIL=20301231",
  ])("%s survives the form", (rule) => {
    const form = readForm(rule, null, DAY);
    expect(form.kind).not.toBe("custom");
    expect(buildRule(form, DAY)).toBe(rule);
  });

  it("keeps a rule that the fields cannot say as text", () => {
    const form = readForm("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2", "completed_at", DAY);
    expect(form.kind).toBe("custom");
    expect(buildRule(form, DAY)).toBe("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2");
    expect(form.from).toBe("completed_at");
  });

  it("ends at the end of a day in the time zone if the due date is a time", () => {
    const form = { ...readForm("FREQ=DAILY", null, TIME), end: "until" as const };
    const rule = buildRule({ ...form, until: "2026-12-31" }, TIME);
    expect(rule).toBe("FREQ=DAILY;UNTIL=20261231T225959Z");
    expect(readForm(rule, null, TIME)).toMatchObject({ kind: "DAILY", until: "2026-12-31" });
  });

  it("begins with the weekday of the due date", () => {
    expect(readForm(null, null, DAY)).toMatchObject({ kind: "none", weekdays: ["TU"] });
    expect(buildRule(readForm(null, null, DAY), DAY)).toBeNull();
  });
});
