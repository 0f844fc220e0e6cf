/** The texts of statistics, exports and reports. */
import { chooseTexts } from "../../i18n";

const en = {
  byAssignee: "Tasks by assignee",
  byStatus: "Tasks by status",
  completed: "Completed in the last 30 days",
  dueSoon: "Due in 7 days",
  export: "Export the project",
  files: "Export and report",
  openReport: "Open the report",
  overdue: "Overdue",
  report: "Create a report",
  reportTitle: "Report",
  tasks: "Tasks",
  total: "Tasks",
};

const de: typeof en = {
  byAssignee: "Aufgaben nach Person",
  byStatus: "Aufgaben nach Status",
  completed: "In den letzten 30 Tagen erledigt",
  dueSoon: "In 7 Tagen fällig",
  export: "Projekt exportieren",
  files: "Export und Bericht",
  openReport: "Bericht öffnen",
  overdue: "Überfällig",
  report: "Bericht anlegen",
  reportTitle: "Bericht",
  tasks: "Aufgaben",
  total: "Aufgaben",
};

export const texts = chooseTexts({ en, de });
