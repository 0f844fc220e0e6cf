/** Completing the name of a member after an `@`. */
import type { Member } from "../../api/types";

/** A mention that is being typed: the text after `@`, and the place of the `@`. */
export interface Mention {
  start: number;
  query: string;
}

type Named = Pick<Member, "user_id" | "username" | "display_name">;

const MAX_SUGGESTIONS = 6;
const LAST_MENTION = /(?<![\p{L}\p{N}])@([\p{L}\p{M}\p{N}._-]*)$/u;

/** Returns the mention that ends at the caret, or null. */
export function findMention(text: string, caret: number): Mention | null {
  const match = LAST_MENTION.exec(text.slice(0, caret));
  return match ? { start: match.index, query: match[1] ?? "" } : null;
}

/** Returns the members whose username, or a word of whose name, begins with `query`. */
export function suggestMembers<T extends Named>(members: T[], query: string): T[] {
  const wanted = query.toLowerCase();
  const matches = members.filter(({ username, display_name }) =>
    [username, ...display_name.split(" ")].some((word) => word.toLowerCase().startsWith(wanted)),
  );
  return matches.slice(0, MAX_SUGGESTIONS);
}
