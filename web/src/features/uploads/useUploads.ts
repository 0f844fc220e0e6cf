import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";

import type { Attachment } from "../../api/types";
import { computeFingerprint, getRemembered } from "./fingerprint";
import { attachmentsKey } from "./queries";
import * as store from "./uploadStore";
import type { Upload } from "./uploadStore";

/** Whether the clipboard has a text, of which office programs add a picture. */
const isFormattedText = ({ types }: DataTransfer) =>
  types.includes("text/plain") && types.includes("text/html");

interface Uploads {
  /** Those of this tab. */
  running: Upload[];
  /** Those that a reload or a closed tab has interrupted; the same file continues them. */
  interrupted: Attachment[];
  add: (files: File[]) => void;
  tryAgain: (upload: Upload) => void;
  discard: (attachment: Attachment) => void;
}

/** The uploads to a task. Files that people paste are uploaded too, while it is editable. */
export function useUploads(
  taskId: string,
  attachments: Attachment[],
  isEditable: boolean,
): Uploads {
  const queries = useQueryClient();
  const all = useSyncExternalStore(store.subscribeToUploads, store.getUploads);
  const running = all.filter((upload) => upload.taskId === taskId);
  const ids = new Set(running.map(({ path }) => path?.attachment_id));
  const interrupted = attachments.filter(
    ({ id, status }) => status === "pending" && getRemembered(id) !== null && !ids.has(id),
  );

  async function refreshAfter(work: Promise<void>) {
    await work;
    await queries.invalidateQueries({ queryKey: attachmentsKey(taskId) });
    await queries.invalidateQueries({ queryKey: ["tasks"] });
  }

  async function begin(file: File) {
    const fingerprint = interrupted.length > 0 ? await computeFingerprint(file) : "";
    const known = interrupted.find(({ id }) => getRemembered(id) === fingerprint);
    const path = known ? { task_id: taskId, attachment_id: known.id } : null;
    await refreshAfter(store.upload(taskId, file, path));
  }

  const add = (files: File[]) => files.forEach((file) => void begin(file));

  useEffect(() => {
    const paste = (event: ClipboardEvent) => {
      if (isEditable && event.clipboardData && !isFormattedText(event.clipboardData)) {
        add([...event.clipboardData.files]);
      }
    };
    document.addEventListener("paste", paste);
    return () => document.removeEventListener("paste", paste);
  });

  return {
    running,
    interrupted,
    add,
    tryAgain: (upload) => void refreshAfter(store.tryAgain(upload)),
    discard: ({ id }) => void refreshAfter(store.drop({ task_id: taskId, attachment_id: id })),
  };
}
