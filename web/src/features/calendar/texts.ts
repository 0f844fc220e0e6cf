/** The texts of the calendar. */
import { chooseTexts } from "../../i18n";

const en = {
  dragInstructions:
    "Press Space to pick up the task, the arrow keys to choose another day, Space to drop it, and Escape to put it back. Press Enter to open the task.",
  next: "Next month",
  previous: "Previous month",
  today: "Today",
};

const de: typeof en = {
  dragInstructions:
    "Mit der Leertaste nimmst du die Aufgabe auf, mit den Pfeiltasten wählst du einen anderen Tag, mit der Leertaste legst du sie ab, und mit Escape legst du sie zurück. Mit Enter öffnest du die Aufgabe.",
  next: "Nächster Monat",
  previous: "Voriger Monat",
  today: "Heute",
};

export const texts = chooseTexts({ en, de });
