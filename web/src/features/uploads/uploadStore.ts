/** The uploads of this tab. They go on when the panel of their task is closed. */
import { ApiProblem } from "../../api/problems";
import { notifyProblem } from "../../components/notify";
import { computeFingerprint, forgetUpload, getRemembered, rememberUpload } from "./fingerprint";
import { announce, complete, discard, type Path, sendParts } from "./sendFile";

export interface Upload {
  readonly id: string;
  readonly taskId: string;
  readonly file: File;
  /** The attachment of an upload that can be continued, once the API knows it. */
  readonly path: Path | null;
  /** The sent part of the file, from 0 to 1. */
  readonly share: number;
  readonly hasFailed: boolean;
}

let uploads: readonly Upload[] = [];
const controllers = new Map<string, AbortController>();
const listeners = new Set<() => void>();

export function getUploads(): readonly Upload[] {
  return uploads;
}

/** Calls `listener` when an upload changes; returns a function that ends this. */
export function subscribeToUploads(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Lets the browser ask before a reload loses a file. */
const ask = (event: BeforeUnloadEvent) => event.preventDefault();

function setUploads(next: readonly Upload[]): void {
  uploads = next;
  if (uploads.some(({ path }) => path === null)) {
    window.addEventListener("beforeunload", ask);
  } else {
    window.removeEventListener("beforeunload", ask);
  }
  listeners.forEach((listener) => {
    listener();
  });
}

function change(id: string, fields: Partial<Upload>): void {
  setUploads(uploads.map((each) => (each.id === id ? { ...each, ...fields } : each)));
}

function remove(id: string): void {
  controllers.delete(id);
  setUploads(uploads.filter((each) => each.id !== id));
}

/**
 * Uploads a file to a task; with `path`, continues the upload of that attachment.
 * Ends when the file has arrived, or when it has not: a failure is shown, and may be tried again.
 */
export async function upload(taskId: string, file: File, path: Path | null): Promise<void> {
  const id = crypto.randomUUID();
  const controller = new AbortController();
  controllers.set(id, controller);
  setUploads([...uploads, { id, taskId, file, path, share: 0, hasFailed: false }]);
  const transfer = {
    signal: controller.signal,
    onProgress: (share: number) => change(id, { share }),
  };
  let known = path;
  try {
    if (known) {
      await sendParts(known, file, transfer);
    } else {
      const announced = await announce(taskId, file);
      known = announced.path;
      if (announced.isResumable) {
        rememberUpload(known.attachment_id, await computeFingerprint(file));
        change(id, { path: known });
      }
      await announced.sendBytes(transfer);
    }
    await complete(known);
    forgetUpload(known.attachment_id);
    remove(id);
  } catch (error) {
    await fail(id, known, error);
  }
}

async function fail(id: string, path: Path | null, error: unknown): Promise<void> {
  const isResumable = path !== null && getRemembered(path.attachment_id) !== null;
  if (controllers.get(id)?.signal.aborted) {
    remove(id);
    await (path && drop(path));
    return;
  }
  notifyProblem(error);
  if (path && !isResumable) {
    await drop(path);
  }
  if (error instanceof ApiProblem && error.isTemporary) {
    change(id, { hasFailed: true });
  } else {
    remove(id);
  }
}

/** Tries a failed upload again; one in parts goes on where it stopped. */
export async function tryAgain({ id, taskId, file, path }: Upload): Promise<void> {
  remove(id);
  await upload(taskId, file, path);
}

/** Ends an upload and deletes what has arrived of it. */
export async function cancel({ id, path, hasFailed }: Upload): Promise<void> {
  controllers.get(id)?.abort();
  if (hasFailed) {
    remove(id);
    await (path && drop(path));
  }
}

/** Deletes an upload that has ended without all bytes. */
export async function drop(path: Path): Promise<void> {
  forgetUpload(path.attachment_id);
  await discard(path).catch(notifyProblem);
}
