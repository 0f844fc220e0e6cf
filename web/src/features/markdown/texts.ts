/** The texts of the Markdown editor. */
import { chooseTexts } from "../../i18n";

const en = {
  empty: "There is nothing to preview.",
  mode: "Write or preview",
  people: "People to mention",
  preview: "Preview",
  suggestions: (count: number) => (count === 1 ? "1 person" : `${count} people`),
  write: "Write",
};

const de: typeof en = {
  empty: "Es gibt nichts anzuzeigen.",
  mode: "Schreiben oder Vorschau",
  people: "Personen zum Erwähnen",
  preview: "Vorschau",
  suggestions: (count) => (count === 1 ? "1 Person" : `${count} Personen`),
  write: "Schreiben",
};

export const texts = chooseTexts({ en, de });
