/** The texts of API tokens. */
import { chooseTexts } from "../../i18n";

const en = {
  create: "New token",
  days: (count: number) => `${count} days`,
  lifetime: "Lifetime",
  name: "Name",
  neverUsed: "never used",
  scopes: "Permissions",
  shownOnce: "Copy the token now; it is not shown again",
  title: "API tokens",
  until: (day: string) => `until ${day}`,
};

const de: typeof en = {
  create: "Neues Token",
  days: (count) => `${count} Tage`,
  lifetime: "Gültigkeit",
  name: "Name",
  neverUsed: "nie benutzt",
  scopes: "Rechte",
  shownOnce: "Kopiere das Token jetzt; es wird nicht noch einmal gezeigt",
  title: "API-Tokens",
  until: (day) => `bis ${day}`,
};

export const texts = chooseTexts({ en, de });
