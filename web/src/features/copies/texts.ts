/** The texts of copies and moves of tasks and projects. */
import { chooseTexts } from "../../i18n";

const en = {
  doneTasks: "Also the tasks that are done",
  duplicate: "Duplicate",
  duplicated: (key: string) => `${key} is the copy.`,
  duplicateProject: "Duplicate the project",
  duplicateProjectText: "Copy the project with its labels and open tasks.",
  duplicateTask: (key: string) => `Duplicate ${key}`,
  members: "Also the members",
  move: "Move",
  moved: (key: string, unassigned: number) =>
    unassigned === 0
      ? `The task is ${key} now.`
      : `The task is ${key} now. Assignees who are not members there were removed.`,
  moveHint:
    "The task gets a new key. Its comments, files and subtasks go with it; links with the old key lead there for a year.",
  moveTask: (key: string) => `Move ${key} to another project`,
  nameOf: (name: string) => `Copy of ${name}`,
  noTemplate: "An empty project",
  project: "Project",
  startDate: "First day",
  startDateHint: "All dates move with the earliest one. Empty: they stay.",
  subtasks: (count: number): string => (count === 1 ? "Also its subtask" : "Also its subtasks"),
  template: "From a template",
};

const de: typeof en = {
  doneTasks: "Auch die erledigten Aufgaben",
  duplicate: "Duplizieren",
  duplicated: (key) => `${key} ist die Kopie.`,
  duplicateProject: "Projekt duplizieren",
  duplicateProjectText: "Das Projekt mit seinen Labels und offenen Aufgaben kopieren.",
  duplicateTask: (key) => `${key} duplizieren`,
  members: "Auch die Mitglieder",
  move: "Verschieben",
  moved: (key, unassigned) =>
    unassigned === 0
      ? `Die Aufgabe ist jetzt ${key}.`
      : `Die Aufgabe ist jetzt ${key}. Zuständige, die dort nicht Mitglied sind, wurden entfernt.`,
  moveHint:
    "Die Aufgabe bekommt ein neues Kürzel. Kommentare, Dateien und Unteraufgaben gehen mit; Links mit dem alten Kürzel führen ein Jahr lang dorthin.",
  moveTask: (key) => `${key} in ein anderes Projekt verschieben`,
  nameOf: (name) => `Kopie von ${name}`,
  noTemplate: "Ein leeres Projekt",
  project: "Projekt",
  startDate: "Erster Tag",
  startDateHint: "Alle Daten werden mit dem frühesten verschoben. Leer: Sie bleiben.",
  subtasks: (count) => (count === 1 ? "Auch die Unteraufgabe" : "Auch die Unteraufgaben"),
  template: "Aus einer Vorlage",
};

export const texts = chooseTexts({ en, de });
