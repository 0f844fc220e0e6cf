/** The texts of reminders. */
import { chooseTexts } from "../../i18n";

const en = {
  add: "Add a reminder",
  amount: "How long before",
  at: "At a time",
  atDue: "When it is due",
  before: (duration: string) => `${duration} before it is due`,
  hint: "The assignee gets an email at these times, while the task is open.",
  none: "No reminders",
  remove: (text: string) => `Remove the reminder: ${text}`,
  time: "Time",
  title: "Reminders",
  units: {
    minute: "minutes before",
    hour: "hours before",
    day: "days before",
    week: "weeks before",
  },
  when: "When",
  without: "These wait for a due date.",
};

const de: typeof en = {
  add: "Erinnerung hinzufügen",
  amount: "Wie lange vorher",
  at: "Zu einer Zeit",
  atDue: "Bei Fälligkeit",
  before: (duration) => `${duration} vor der Fälligkeit`,
  hint: "Die zuständige Person bekommt zu diesen Zeiten eine E-Mail, solange die Aufgabe offen ist.",
  none: "Keine Erinnerungen",
  remove: (text) => `Erinnerung entfernen: ${text}`,
  time: "Zeit",
  title: "Erinnerungen",
  units: {
    minute: "Minuten vorher",
    hour: "Stunden vorher",
    day: "Tage vorher",
    week: "Wochen vorher",
  },
  when: "Wann",
  without: "Ohne Fälligkeit wird nicht vorher erinnert.",
};

export const texts = chooseTexts({ en, de });
