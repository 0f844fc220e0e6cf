/**
 * What a person has typed or changed and the API does not have yet, in the browser's storage.
 *
 * The keys contain the account, so that the next person in the same browser does not see it, and who
 * logs in again after the session has ended does.
 */
import { forgetSession, getUserId } from "./session";

type Kind = "draft" | "edit" | "changes";

const STORAGES = [localStorage, sessionStorage];

const getPrefix = () => `unsaved-${getUserId() ?? ""}-`;

/** Returns the key of something unsaved of the person who is logged in. */
export function unsavedKey(kind: Kind, name: string): string {
  return `${getPrefix()}${kind}-${name}`;
}

/** Returns the keys of a storage that belong to the person who is logged in. */
function listKeys(storage: Storage): string[] {
  return Object.keys(storage).filter((key) => key.startsWith(getPrefix()));
}

/** Whether a logout would lose something. */
export function hasUnsaved(): boolean {
  return STORAGES.some((storage) => listKeys(storage).length > 0);
}

/** Forgets the session after a logout, and everything unsaved with it. */
export function forgetAccount(): void {
  for (const storage of STORAGES) {
    listKeys(storage).forEach((key) => storage.removeItem(key));
  }
  forgetSession();
}
