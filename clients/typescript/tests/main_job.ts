// The main job with the generated types alone. `tests/live/test_clients.py` runs it and checks the lines
// that it prints.

import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "task-manager-client";

type Api = Client<paths>;
type Upload = components["schemas"]["FormUpload"] | components["schemas"]["MultipartUpload"];

const PASSWORD = "correct horse battery";
const TEXT = "hello\n";

async function main(baseUrl: string, name: string): Promise<void> {
  const api = createClient<paths>({ baseUrl });
  const email = `${name}@example.com`;
  const account = { username: name, email, password: PASSWORD, password_confirm: PASSWORD };
  succeeded(await api.POST("/api/auth/register", { body: account }));
  const signedIn = succeeded(
    await api.POST("/api/auth/login", { body: { email, password: PASSWORD } }),
  );
  const authorization = { Authorization: `Bearer ${signedIn.access}` };
  const client = createClient<paths>({ baseUrl, headers: authorization });

  const project = succeeded(await client.POST("/api/projects", { body: { name: "Launch" } })).id;
  const body = { project, title: "Write the plan", due_date: "2026-12-01" };
  const task = succeeded(await client.POST("/api/tasks", { body }));
  const dueDate: string | null = task.due_date;
  console.log("created", task.status, task.priority, dueDate);
  console.log("uploaded", await upload(client, task.id));
  await change(client, task.id);
  await list(client, project);
  await readErrors(client, project);
  console.log("logged out", (await client.POST("/api/auth/logout")).response.status);
  const refused = failed(await client.GET("/api/auth/profile"));
  console.log("refused", refused.status, refused.code);
}

/** Upload a file and return the status of the attachment. */
async function upload(client: Api, taskId: string): Promise<string> {
  const file = { filename: "notes.txt", content_type: "text/plain", size: TEXT.length };
  const announced: Upload = succeeded(
    await client.POST("/api/tasks/{task_id}/attachments", {
      params: { path: { task_id: taskId } },
      body: file,
    }),
  );
  if (announced.kind === "parts") {
    throw new Error(`${announced.upload.part_count} parts for ${TEXT.length} bytes`);
  }
  const form = new FormData();
  for (const [field, value] of Object.entries(announced.upload.fields)) {
    form.append(field, value);
  }
  form.append("file", new Blob([TEXT]));
  const stored = await fetch(announced.upload.url, { method: "POST", body: form });
  if (!stored.ok) {
    throw new Error(await stored.text());
  }
  const path = { task_id: taskId, attachment_id: announced.attachment.id };
  const attachment = await client.POST(
    "/api/tasks/{task_id}/attachments/{attachment_id}/complete",
    { params: { path } },
  );
  return succeeded(attachment).status;
}

/** Change the task with its ETag, then try it again with the same ETag, which is old by then. */
async function change(client: Api, taskId: string): Promise<void> {
  const path = { task_id: taskId };
  const read = await client.GET("/api/tasks/{task_id}", { params: { path } });
  const etag = read.response.headers.get("ETag") ?? "";
  const params = { path, header: { "If-Match": etag } };
  const changed = succeeded(
    await client.PATCH("/api/tasks/{task_id}", { params, body: { status: "in_progress" } }),
  );
  console.log("changed", changed.status, changed.version);
  const refused = failed(
    await client.PATCH("/api/tasks/{task_id}", { params, body: { status: "done" } }),
  );
  console.log("refused", refused.status, refused.code);
}

/** Add five tasks and list those to do or in review, two a page, to the end. */
async function list(client: Api, project: string): Promise<void> {
  for (const number of [1, 2, 3, 4, 5]) {
    const body = { project, title: `Step ${number}` };
    succeeded(await client.POST("/api/tasks", { body }));
  }
  const titles: string[] = [];
  let pages = 0;
  let cursor: string | undefined;
  do {
    const answer = await client.GET("/api/tasks", {
      params: {
        query: {
          project: [project],
          status: ["todo", "review"],
          ordering: "created_at",
          limit: 2,
          cursor,
        },
      },
    });
    const page = succeeded(answer);
    titles.push(...page.items.map((item) => item.title));
    cursor = page.next_cursor ?? undefined;
    pages += 1;
  } while (cursor !== undefined);
  console.log("listed", titles.join(", "), "on", pages, "pages");
}

/** Send a task with two fields that are not valid, and read the error of each. */
async function readErrors(client: Api, project: string): Promise<void> {
  const body = { project, title: "", description: "x".repeat(20_001) };
  const { error } = await client.POST("/api/tasks", { body });
  if (error?.status !== 422) {
    throw new Error(JSON.stringify(error));
  }
  const locations = (error.errors ?? []).map((each) => each.location);
  console.log("invalid", error.code, locations.sort().join(", "));
}

/** Return the data of a success. */
function succeeded<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) {
    throw new Error(JSON.stringify(answer.error));
  }
  return answer.data;
}

/** Return the problem of a failure. */
function failed<T>(answer: { data?: unknown; error?: T }): T {
  if (answer.error === undefined) {
    throw new Error(JSON.stringify(answer.data));
  }
  return answer.error;
}

const [baseUrl = "", name = ""] = process.argv.slice(2);
await main(baseUrl, name);
