/** A client of the Task Manager API. The types in `api.ts` are generated from its document. */
export type { components, operations, paths } from "./api.js";
export { connect, logIn, resume, type Api } from "./connections.js";
export { iterate, type Page } from "./pages.js";
export { ApiError, expect } from "./problems.js";
export { MemoryStore, type SessionTokens, type TokenStore } from "./sessions.js";
export { uploadFile, type UploadOptions } from "./uploads.js";
