/** The texts of the pages for site staff. */
import { chooseTexts } from "../../i18n";

const en = {
  anEvent: "an event",
  attempts: "Attempts",
  disable: (email: string) => `Disable ${email}`,
  dueOrEnded: "Due or ended",
  function: "Function",
  isDisabled: "Disabled",
  isStaff: "Site staff",
  kind: "Kind",
  letters: (waiting: number, replayed: number) =>
    waiting + replayed === 0
      ? "No function has given up on an event."
      : `${waiting} dead letters wait, ${replayed} are being replayed.`,
  lost: "Not processed",
  mailHints: {
    waiting: "Due by the end of the next hour.",
    sent: "Accepted by the mail service in the last 90 days.",
    dropped: "No longer wanted when their time came, in the last 90 days.",
    parked: "Given up after four attempts, in the last 90 days.",
  },
  mailState: "State of the mails",
  mailStates: { waiting: "Waiting", sent: "Sent", dropped: "Dropped", parked: "Given up" },
  makeStaff: (email: string) => `Make ${email} site staff`,
  noMails: "There are no such mails.",
  onlyStaff: "Only the staff of this site can see this page.",
  queued: "Queued",
  reason: "Reason",
  resetFactors: (email: string) => `Remove second factor of ${email}`,
  resetFactorsShort: "Remove second factor",
  recipient: "Recipient",
  records: (count: number) => (count === 1 ? "1 change" : `${count} changes`),
  replayHint: "Fix the cause, then let an operator run",
  search: "Address begins with",
  since: "Since",
  someLetters: (count: number) => `These are ${count} of them.`,
  tabs: { accounts: "Accounts", mails: "Mails", "dead-letters": "Dead letters", audit: "Audit" },
  unknownFunction: "unknown",
  unverified: "unconfirmed",
};

const de: typeof en = {
  anEvent: "ein Ereignis",
  attempts: "Versuche",
  disable: (email) => `${email} sperren`,
  dueOrEnded: "Fällig oder beendet",
  function: "Funktion",
  isDisabled: "Gesperrt",
  isStaff: "Personal",
  kind: "Art",
  letters: (waiting, replayed) =>
    waiting + replayed === 0
      ? "Keine Funktion hat ein Ereignis aufgegeben."
      : `${waiting} aufgegebene Ereignisse warten, ${replayed} werden gerade wiederholt.`,
  lost: "Nicht verarbeitet",
  mailHints: {
    waiting: "Fällig bis zum Ende der nächsten Stunde.",
    sent: "In den letzten 90 Tagen vom Maildienst angenommen.",
    dropped: "In den letzten 90 Tagen nicht mehr gewünscht, als ihre Zeit kam.",
    parked: "In den letzten 90 Tagen nach vier Versuchen aufgegeben.",
  },
  mailState: "Zustand der Mails",
  mailStates: {
    waiting: "Wartend",
    sent: "Gesendet",
    dropped: "Verworfen",
    parked: "Aufgegeben",
  },
  makeStaff: (email) => `${email} zum Personal machen`,
  noMails: "Es gibt keine solchen Mails.",
  onlyStaff: "Nur das Personal dieser Website kann diese Seite sehen.",
  queued: "Eingereiht",
  reason: "Grund",
  resetFactors: (email) => `Zweiten Faktor entfernen: ${email}`,
  resetFactorsShort: "Zweiten Faktor entfernen",
  recipient: "Empfänger",
  records: (count) => (count === 1 ? "1 Änderung" : `${count} Änderungen`),
  replayHint: "Die Ursache beheben, dann führt der Betrieb aus:",
  search: "Adresse beginnt mit",
  since: "Seit",
  someLetters: (count) => `Dies sind ${count} davon.`,
  tabs: {
    accounts: "Konten",
    mails: "Mails",
    "dead-letters": "Aufgegebene Ereignisse",
    audit: "Protokoll",
  },
  unknownFunction: "unbekannt",
  unverified: "unbestätigt",
};

export const texts = chooseTexts({ en, de });
