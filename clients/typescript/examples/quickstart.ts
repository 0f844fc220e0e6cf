// Log in, create a task with a file, and list what is open.
// API_URL=http://localhost:8000 EMAIL=demo@example.com PASSWORD=demo-password node quickstart.js

import { env } from "node:process";

import { ApiError, expect, iterate, logIn, uploadFile } from "task-manager-client";

const { API_URL = "http://localhost:8000", EMAIL = "", PASSWORD = "" } = env;
const api = await logIn(API_URL, EMAIL, PASSWORD);

const project = expect(await api.POST("/api/projects", { body: { name: "Launch" } })).id;
for (const title of ["Write the plan", "Book a room", "Send the invitations"]) {
  const task = expect(await api.POST("/api/tasks", { body: { project, title } }));
  console.log("created", task.key, task.title);
}

const [first] = expect(
  await api.GET("/api/tasks", {
    params: { query: { project: [project], ordering: "created_at" } },
  }),
).items;
const attachment = await uploadFile(api, first!.id, "notes.txt", new Blob(["hello\n"]), {
  contentType: "text/plain",
  onProgress: (sent) => console.log("sent", sent, "bytes"),
});
console.log("uploaded", attachment.filename, attachment.status);

const open = iterate((page) =>
  api.GET("/api/tasks", {
    params: { query: { project: [project], ordering: "created_at", ...page } },
  }),
);
for await (const task of open) {
  console.log("open", task.key, task.title);
}

try {
  await api.POST("/api/tasks", { body: { project, title: "" } });
} catch (error) {
  if (error instanceof ApiError) {
    console.log("refused", error.code, Object.keys(error.errors).join(", "));
  }
}
