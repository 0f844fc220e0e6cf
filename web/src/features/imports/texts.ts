/** The texts of imports. They are loaded with the page, because no other page needs them. */
import { chooseTexts } from "../../i18n";

interface Counts {
  tasks: number;
  comments: number;
  new_labels: number;
  skipped: number;
}

const countsInEnglish = ({ tasks: all, comments, new_labels, skipped }: Counts) =>
  `${all === 1 ? "1 task" : `${all} tasks`}, ${comments === 1 ? "1 comment" : `${comments} comments`}, ` +
  `${new_labels === 1 ? "1 new label" : `${new_labels} new labels`}. ` +
  (skipped === 0 ? "" : `Lines left out: ${skipped}.`);

const countsInGerman = ({ tasks: all, comments, new_labels, skipped }: Counts) =>
  `${all === 1 ? "1 Aufgabe" : `${all} Aufgaben`}, ${comments === 1 ? "1 Kommentar" : `${comments} Kommentare`}, ` +
  `${new_labels === 1 ? "1 neues Label" : `${new_labels} neue Labels`}. ` +
  (skipped === 0 ? "" : `Ausgelassene Zeilen: ${skipped}.`);

/** The fields of a task in the problems of an import. */
const FIELDS: Record<string, string> = {
  assigned_to: "zuständige Person",
  attachments: "Dateien",
  comments: "Kommentar",
  description: "Beschreibung",
  due_date: "Fälligkeit",
  file: "Datei",
  labels: "Label",
  parent: "übergeordnete Aufgabe",
  priority: "Priorität",
  relations: "Beziehung",
  rrule: "Wiederholung",
  start_date: "Beginn",
  status: "Status",
  title: "Titel",
  views: "Ansichten",
};

/** The problems of an import; `{}` stands for the value in the file. */
const IMPORT_PROBLEMS: Record<string, string> = {
  not_utf8: "Die Datei ist bei Byte {} kein Text in UTF-8. Speichere sie als UTF-8",
  not_csv: "Die Datei ist ab hier kein CSV: {}",
  not_json: "Die Datei ist kein JSON: {}",
  other_format: "Die Datei hat nicht das gewählte Format: {}",
  columns_missing: "In der ersten Zeile fehlen die Spalten {}",
  empty_file: "Die Datei enthält keine Aufgaben",
  too_many_lines: "Die Datei hat mehr als {} Zeilen. Teile sie",
  too_many_tasks: "Die Datei hat mehr als {} Aufgaben. Teile sie",
  too_many_comments: "Die Datei hat mehr als {} Kommentare. Teile sie",
  type_unknown: "Der Typ {} ist unbekannt",
  line_invalid: "Die Zeile hat eine unerwartete Form: {}",
  title_missing: "Die Aufgabe hat keinen Titel",
  comment_without_task: "Der Kommentar folgt auf keine Aufgabe",
  too_many_cells: "Die Zeile hat mehr Zellen als die erste Zeile",
  title_cut: "Der Titel ist zu lang. Die Beschreibung beginnt mit dem ganzen Titel",
  text_cleaned: "Steuerzeichen wurden entfernt",
  text_cut: "Der Text ist zu lang und wurde gekürzt",
  status_unknown: "{} ist kein Status. Die Aufgabe ist offen",
  priority_unknown: "{} ist keine Priorität. Die Aufgabe hat mittlere Priorität",
  person_unknown: "{} ist weder Benutzername noch Adresse eines Mitglieds",
  more_assignees: "Für eine Aufgabe ist eine Person zuständig. {} wurde weggelassen",
  date_invalid: "{} ist kein Datum, das verstanden wird",
  rule_invalid: "{} ist keine Wiederholung, die verstanden wird",
  start_after_due: "Der Beginn {} liegt nach der Fälligkeit",
  label_too_long: "Das Label {} ist länger als 50 Zeichen",
  too_many_labels: "Das Label {} ist eines zu viel",
  parent_unknown: "Die übergeordnete Aufgabe {} ist nicht in der Datei",
  parent_ambiguous: "Mehrere Aufgaben heißen {}. Die nächste darüber wurde genommen",
  too_deep: "Aufgaben haben drei Ebenen. Die Aufgabe wurde nach oben verschoben",
  relation_left_out: "Die Aufgabe {} ist nicht oder nicht eindeutig in der Datei",
  comment_empty: "Ein Kommentar hat keinen Text",
  attachments_left_out: "Dateien werden nicht importiert: {}",
  value_left_out: "Für {} gibt es keinen Platz",
  older_comments_missing: "Die Datei enthält nur die letzten {} Aktionen",
};

const en = {
  allProblems: (count: number) => `All ${count} problems as a file`,
  check: "Check the file",
  chooseFile: "Choose a file",
  // English texts come from the API.
  describe: (_code: string, _value: string, message: string) => message,
  dropFile: "Or drop it here. At most 25 MB and 20,000 tasks.",
  effect: "Effect",
  effects: {
    failed: () => "Nothing is imported",
    skipped: () => "The line is left out",
    left_out: (field: string) => `Left out: ${field}`,
    changed: (field: string) => `Changed: ${field}`,
  },
  failed: (reason: string): string =>
    reason === "unreadable_file"
      ? "The file cannot be imported."
      : "The import ended before it was complete.",
  file: "File",
  format: "Where the file comes from",
  formats: {
    todoist_csv: "Todoist (CSV)",
    trello_json: "Trello (JSON)",
    asana_csv: "Asana (CSV)",
    github_csv: "GitHub issues (CSV)",
    project_json: "An export of a project (project.json)",
  },
  hasCreated: (report: Counts) => `Imported: ${countsInEnglish(report)}`,
  hints: {
    todoist_csv: "A project exported as CSV, or a file of a backup.",
    trello_json: "Menu of the board, Print, export and share, Export as JSON.",
    asana_csv: "Menu of the project, Export, CSV.",
    github_csv: "A CSV file with the columns title, body, state, labels, assignee.",
    project_json: "The file project.json of an export of this service.",
  },
  line: "Line",
  newProject: "A new project",
  open: "Open the project",
  problem: "Problem",
  problems: (count: number) => (count === 1 ? "1 problem" : `${count} problems`),
  report: "Report",
  start: "Import",
  target: "Import into",
  title: "Import tasks",
  wouldCreate: (report: Counts) => `Would be imported: ${countsInEnglish(report)}`,
};

const de: typeof en = {
  allProblems: (count) => `Alle ${count} Probleme als Datei`,
  check: "Datei prüfen",
  chooseFile: "Datei auswählen",
  describe: (code, value, message) => IMPORT_PROBLEMS[code]?.replace("{}", value) ?? message,
  dropFile: "Oder hierher ziehen. Höchstens 25 MB und 20.000 Aufgaben.",
  effect: "Folge",
  effects: {
    failed: () => "Nichts wird importiert",
    skipped: () => "Die Zeile wird ausgelassen",
    left_out: (field) => `Weggelassen: ${FIELDS[field] ?? field}`,
    changed: (field) => `Geändert: ${FIELDS[field] ?? field}`,
  },
  failed: (reason) =>
    reason === "unreadable_file"
      ? "Die Datei kann nicht importiert werden."
      : "Der Import endete, bevor er vollständig war.",
  file: "Datei",
  format: "Woher die Datei kommt",
  formats: {
    todoist_csv: "Todoist (CSV)",
    trello_json: "Trello (JSON)",
    asana_csv: "Asana (CSV)",
    github_csv: "GitHub-Issues (CSV)",
    project_json: "Ein Export eines Projekts (project.json)",
  },
  hasCreated: (report) => `Importiert: ${countsInGerman(report)}`,
  hints: {
    todoist_csv: "Ein als CSV exportiertes Projekt oder eine Datei eines Backups.",
    trello_json: "Menü des Boards, Drucken, exportieren und teilen, Als JSON exportieren.",
    asana_csv: "Menü des Projekts, Exportieren, CSV.",
    github_csv: "Eine CSV-Datei mit den Spalten title, body, state, labels, assignee.",
    project_json: "Die Datei project.json eines Exports aus diesem Dienst.",
  },
  line: "Zeile",
  newProject: "Ein neues Projekt",
  open: "Projekt öffnen",
  problem: "Problem",
  problems: (count) => (count === 1 ? "1 Problem" : `${count} Probleme`),
  report: "Bericht",
  start: "Importieren",
  target: "Importieren in",
  title: "Aufgaben importieren",
  wouldCreate: (report) => `Würde importiert: ${countsInGerman(report)}`,
};

export const texts = chooseTexts({ en, de });
