/** The texts of API tokens and calendar feeds, which are loaded with them. */
import { chooseTexts } from "../../i18n";

const en = {
  tokens: {
    create: "New token",
    days: (count: number) => `${count} days`,
    lifetime: "Lifetime",
    name: "Name",
    neverUsed: "never used",
    scopes: "Permissions",
    shownOnce: "Copy the token now; it is not shown again",
    title: "API tokens",
    until: (day: string) => `until ${day}`,
  },
  calendarFeeds: {
    entries: {
      events: "Events at their time",
      all_day_events: "All-day events",
      todos: "To-dos",
    },
    explanation:
      "A calendar program such as Google Calendar, Outlook or Apple Calendar shows your tasks when it subscribes to one of these addresses. Whoever knows the address can read the calendar.",
    mine: "My tasks",
    project: "A project",
    showAs: "Show as",
    shownOnce: "Copy the address now; it is not shown again",
    tasks: "Tasks",
    title: "Calendar feeds",
  },
};

const de: typeof en = {
  tokens: {
    create: "Neues Token",
    days: (count) => `${count} Tage`,
    lifetime: "Gültigkeit",
    name: "Name",
    neverUsed: "nie benutzt",
    scopes: "Rechte",
    shownOnce: "Kopiere das Token jetzt; es wird nicht noch einmal gezeigt",
    title: "API-Tokens",
    until: (day) => `bis ${day}`,
  },
  calendarFeeds: {
    entries: {
      events: "Termine zu ihrer Uhrzeit",
      all_day_events: "Ganztägige Termine",
      todos: "Aufgaben",
    },
    explanation:
      "Ein Kalenderprogramm wie Google Kalender, Outlook oder Apple Kalender zeigt deine Aufgaben, wenn es eine dieser Adressen abonniert. Wer die Adresse kennt, kann den Kalender lesen.",
    mine: "Meine Aufgaben",
    project: "Ein Projekt",
    showAs: "Anzeigen als",
    shownOnce: "Kopiere die Adresse jetzt; sie wird nicht noch einmal gezeigt",
    tasks: "Aufgaben",
    title: "Kalender-Abos",
  },
};

export const texts = chooseTexts({ en, de });
