import { describe, expect, it } from "vitest";

import { formatDuration, formatLead } from "./durations";

describe("formatDuration", () => {
  it("uses the largest unit that fits exactly", () => {
    expect(formatDuration(90)).toBe("90 minutes");
    expect(formatDuration(120)).toBe("2 hours");
    expect(formatDuration(1440)).toBe("1 day");
    expect(formatDuration(20_160)).toBe("2 weeks");
  });
});

describe("formatLead", () => {
  it("names the due date", () => {
    expect(formatLead(0)).toBe("When it is due");
    expect(formatLead(60)).toBe("1 hour before it is due");
  });
});
