// Uploads a file to a task and prints the first progress; `tests/live/test_clients.py` runs it.

import { openAsBlob } from "node:fs";
import { basename } from "node:path";
import { argv, env } from "node:process";

import { logIn, uploadFile } from "task-manager-client";

const [, , task = "", path = ""] = argv;
const { API_URL = "", EMAIL = "", PASSWORD = "" } = env;
const api = await logIn(API_URL, EMAIL, PASSWORD);
const sent: number[] = [];
const file = await openAsBlob(path);
const attachment = await uploadFile(api, task, basename(path), file, {
  onProgress: (bytes) => sent.push(bytes),
});
console.log(sent[0], "of", sent.at(-1));
console.log(attachment.filename, attachment.status);
