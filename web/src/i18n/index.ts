/** The texts in the language of the user. English is in the main bundle; others are loaded. */
import { en, type Messages } from "./en";

export type Locale = "de" | "en";

export const LOCALES: Record<Locale, string> = { en: "English", de: "Deutsch" };
const STORED = "locale";

/** The texts of the language that `loadMessages` has loaded. */
export let m: Messages = en;
export let locale: Locale = "en";

/** Loads the texts of the chosen language, else of the browser's; call it before rendering. */
export async function loadMessages(): Promise<void> {
  locale = chooseLocale(localStorage.getItem(STORED), navigator.languages);
  document.documentElement.lang = locale;
  if (locale === "de") {
    m = (await import("./de")).de;
  }
}

/**
 * Returns those of `texts` that are in the chosen language: for texts beside a page whose code is
 * loaded when it is opened, which the main bundle then does not contain.
 */
export function chooseTexts<T>(texts: Record<Locale, T>): T {
  return texts[locale];
}

/** Returns the stored language, else the first of the preferred ones that there is. */
export function chooseLocale(stored: string | null, preferred: readonly string[]): Locale {
  const names = [stored ?? "", ...preferred].map((name) => name.slice(0, 2).toLowerCase());
  return names.find((name): name is Locale => name in LOCALES) ?? "en";
}

/** Stores the language and loads the page again, so that every text is in it. */
export function changeLocale(next: Locale): void {
  localStorage.setItem(STORED, next);
  location.reload();
}
