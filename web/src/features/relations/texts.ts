/** The texts of relations between tasks. */
import { chooseTexts } from "../../i18n";

const en = {
  add: "Task to relate",
  blockedBy: (count: number) =>
    count === 1 ? "blocked by 1 open task" : `blocked by ${count} open tasks`,
  count: (count: number) => (count === 0 ? "Relations" : `Relations (${count})`),
  find: "Key or words of a task",
  hidden: "a task that you cannot see",
  kind: "Kind of relation",
  kinds: {
    blocked_by: "Blocked by",
    blocks: "Blocks",
    relates_to: "Relates to",
    duplicates: "Duplicates",
    duplicated_by: "Duplicated by",
  },
  new: "Add a relation",
  remove: (key: string) => `Remove the relation to ${key}`,
  title: "Relations",
};

const de: typeof en = {
  add: "Verknüpfte Aufgabe",
  blockedBy: (count) =>
    count === 1 ? "von 1 offenen Aufgabe blockiert" : `von ${count} offenen Aufgaben blockiert`,
  count: (count) => (count === 0 ? "Verknüpfungen" : `Verknüpfungen (${count})`),
  find: "Kürzel oder Wörter einer Aufgabe",
  hidden: "eine Aufgabe, die du nicht siehst",
  kind: "Art der Verknüpfung",
  kinds: {
    blocked_by: "Blockiert von",
    blocks: "Blockiert",
    relates_to: "Gehört zu",
    duplicates: "Doppelt zu",
    duplicated_by: "Hat als Doppel",
  },
  new: "Verknüpfung hinzufügen",
  remove: (key) => `Verknüpfung mit ${key} entfernen`,
  title: "Verknüpfungen",
};

export const texts = chooseTexts({ en, de });
