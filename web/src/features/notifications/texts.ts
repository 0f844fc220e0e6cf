/** The texts of the inbox and of its settings. */
import { chooseTexts } from "../../i18n";

const en = {
  all: "All",
  unread: "Unread",
  empty: "There is nothing here.",
  gone: "You can no longer read what this is about.",
  markAll: "Mark all as read",
  markRead: (title: string) => `Mark as read: ${title}`,
  read: "Mark as read",
  somebody: "Somebody",
  events: {
    assigned: (who: string) => `${who} assigned a task to you`,
    due_soon: () => "A task is due soon",
    reminder: () => "Reminder",
    overdue: () => "You have overdue tasks",
    comment: (who: string) => `${who} commented`,
    mentioned: (who: string) => `${who} mentioned you`,
    weekly_report: () => "The weekly report is ready",
  },
  kinds: {
    assigned: "A task is assigned to you",
    due_soon: "A task is due soon",
    reminder: "Reminders of a task",
    overdue: "Overdue tasks, once a day",
    comment: "A comment on a task that you watch",
    mentioned: "Somebody mentions you",
    weekly_report: "The weekly report of your projects",
  },
  hint: "Emails about the security of your account are always sent.",
  kind: "Notify me when",
  byMail: "By email",
  inInbox: "In the inbox",
  digest: "Daily digest",
  digestHint:
    "One email a day in place of one for each assignment, comment and mention. Reminders come at their time.",
  noDigest: "No digest",
  quiet: "Quiet hours",
  quietHint:
    "Emails that are due in quiet hours, reminders too, are sent when they end. The inbox gets them at once.",
  from: "From",
  until: "Until",
  saveQuiet: "Save quiet hours",
  clearQuiet: "No quiet hours",
};

const de: typeof en = {
  all: "Alle",
  unread: "Ungelesene",
  empty: "Hier ist nichts.",
  gone: "Du kannst nicht mehr lesen, worum es geht.",
  markAll: "Alle als gelesen markieren",
  markRead: (title) => `Als gelesen markieren: ${title}`,
  read: "Gelesen",
  somebody: "Jemand",
  events: {
    assigned: (who) => `${who} hat dir eine Aufgabe zugewiesen`,
    due_soon: () => "Eine Aufgabe ist bald fällig",
    reminder: () => "Erinnerung",
    overdue: () => "Du hast überfällige Aufgaben",
    comment: (who) => `${who} hat kommentiert`,
    mentioned: (who) => `${who} hat dich erwähnt`,
    weekly_report: () => "Der wöchentliche Bericht ist fertig",
  },
  kinds: {
    assigned: "Eine Aufgabe wird dir zugewiesen",
    due_soon: "Eine Aufgabe ist bald fällig",
    reminder: "Erinnerungen an eine Aufgabe",
    overdue: "Überfällige Aufgaben, einmal am Tag",
    comment: "Ein Kommentar zu einer Aufgabe, die du beobachtest",
    mentioned: "Jemand erwähnt dich",
    weekly_report: "Der wöchentliche Bericht deiner Projekte",
  },
  hint: "E-Mails zur Sicherheit deines Kontos werden immer gesendet.",
  kind: "Benachrichtige mich, wenn",
  byMail: "Per E-Mail",
  inInbox: "Im Posteingang",
  digest: "Tägliche Zusammenfassung",
  digestHint:
    "Eine E-Mail am Tag statt einer für jede Zuweisung, jeden Kommentar und jede Erwähnung. Erinnerungen kommen zu ihrer Zeit.",
  noDigest: "Keine Zusammenfassung",
  quiet: "Ruhezeit",
  quietHint:
    "E-Mails, die in der Ruhezeit fällig sind, auch Erinnerungen, werden an ihrem Ende gesendet. Der Posteingang bekommt sie sofort.",
  from: "Von",
  until: "Bis",
  saveQuiet: "Ruhezeit speichern",
  clearQuiet: "Keine Ruhezeit",
};

export const texts = chooseTexts({ en, de });
