import { describe, expect, it } from "vitest";

import { computeFingerprint } from "./fingerprint";

const MEGABYTE = 1_000_000;

function film(
  change: Partial<{ name: string; size: number; lastModified: number; at: number }> = {},
) {
  const { name = "film.mp4", size = MEGABYTE, lastModified = 1, at = -1 } = change;
  const bytes = new Uint8Array(size);
  if (at >= 0) {
    bytes[at] = 1;
  }
  return new File([bytes], name, { lastModified });
}

describe("computeFingerprint", () => {
  it("is the same for the same file", async () => {
    expect(await computeFingerprint(film())).toBe(await computeFingerprint(film()));
  });

  it.each([
    ["name", film({ name: "movie.mp4" })],
    ["size", film({ size: MEGABYTE + 1 })],
    ["time of the last change", film({ lastModified: 2 })],
    ["first byte", film({ at: 0 })],
    ["last byte", film({ at: MEGABYTE - 1 })],
  ])("differs with another %s", async (_, other) => {
    expect(await computeFingerprint(other)).not.toBe(await computeFingerprint(film()));
  });

  it("reads files that are shorter than a sample", async () => {
    expect(await computeFingerprint(film({ size: 0 }))).toContain("film.mp4\n0\n");
  });
});
