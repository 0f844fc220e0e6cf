// Fails when a page loads more JavaScript than its budget until it is shown and usable.
//
//     npm run build && npm run bundle-size
import { readFileSync } from "node:fs";

// In kB after gzip.
const BUDGET = 180;

const measured = new URL("../../build/web/.vite/first-load.json", import.meta.url);

let isTooLarge = false;
for (const [page, { gzip }] of Object.entries(JSON.parse(readFileSync(measured, "utf8")))) {
  isTooLarge ||= gzip > BUDGET * 1000;
  console.log(`${page}: ${(gzip / 1000).toFixed(1)} kB of ${BUDGET} kB`);
}
if (isTooLarge) {
  console.error("a page loads more JavaScript than its budget");
  process.exit(1);
}
