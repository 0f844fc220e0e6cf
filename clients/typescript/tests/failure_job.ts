/**
 * Requests that fail.
 *
 * `tests/live/test_clients.py` runs it, and checks the lines that it prints.
 */

import { ApiError, connect } from "../src/index.js";

const [url = "", count = ""] = process.argv.slice(2);
for (let number = 0; number < Number(count); number += 1) {
  try {
    await connect(url, "token").GET("/api/projects");
    console.log("no failure");
  } catch (error) {
    console.log(error instanceof ApiError ? `${error.status} ${error.detail}` : String(error));
  }
}
