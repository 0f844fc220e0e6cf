/**
 * What this browser remembers of uploads that can be continued, by the id of the attachment.
 *
 * A page cannot open a file again after a reload: the person chooses it once more, and the
 * fingerprint says whether it is the same.
 */
const PREFIX = "upload-";
const SAMPLES = 16;
const SAMPLE_BYTES = 65_536;

/**
 * Returns a text that differs for different files: name, size, time of the last change, and a digest
 * of sixteen samples of 64 KiB. A digest of gigabytes would take too long.
 */
export async function computeFingerprint(file: File): Promise<string> {
  const step = Math.max(0, file.size - SAMPLE_BYTES) / (SAMPLES - 1);
  const samples = Array.from({ length: SAMPLES }, (_, index) => {
    const begin = Math.floor(index * step);
    return file.slice(begin, begin + SAMPLE_BYTES);
  });
  const digest = await crypto.subtle.digest("SHA-256", await new Blob(samples).arrayBuffer());
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0"));
  return [file.name, file.size, file.lastModified, hex.join("")].join("\n");
}

export function rememberUpload(id: string, fingerprint: string): void {
  localStorage.setItem(PREFIX + id, fingerprint);
}

export function forgetUpload(id: string): void {
  localStorage.removeItem(PREFIX + id);
}

/** Returns the fingerprint of an upload, or null if this browser has not begun it. */
export function getRemembered(id: string): string | null {
  return localStorage.getItem(PREFIX + id);
}
