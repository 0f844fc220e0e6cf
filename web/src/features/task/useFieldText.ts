import type { RelationKind } from "../../api/types";
import { formatDay, formatTime, isDay } from "../../components/dates";
import { m } from "../../i18n";
import { describeRule } from "../recurrence/rrule";
import { useTimeZone } from "../account/useAccount";
import { getName, useLabels, useProject } from "../projects/queries";
import { texts as ruleTexts } from "../recurrence/texts";
import { texts as relationsTexts } from "../relations/texts";

/** Returns a function that writes the value of a task's field for people. */
export function useFieldText(projectId: string) {
  const { data: project } = useProject(projectId);
  const { data: labels } = useLabels(projectId);
  const zone = useTimeZone();

  return (field: string, value: unknown): string => {
    if (value === null || value === undefined || value === "") {
      return m.common.nothing;
    }
    if (Array.isArray(value)) {
      const names = value.map(
        (id: unknown) => labels?.find((label) => label.id === id)?.name ?? "…",
      );
      return names.join(", ") || m.common.nothing;
    }
    if (typeof value === "object" && "kind" in value) {
      return relationsTexts.kinds[value.kind as RelationKind];
    }
    const text = typeof value === "string" ? value : "";
    switch (field) {
      case "status":
        return m.status[text as keyof typeof m.status];
      case "priority":
        return m.priority[text as keyof typeof m.priority];
      case "assigned_to": {
        const member = project?.members.find(({ user_id }) => user_id === text);
        return member ? getName(member) : m.people.formerMember;
      }
      case "rrule":
        return describeRule(text, zone);
      case "repeat_from":
        return ruleTexts.from[text as keyof typeof ruleTexts.from];
      case "due_date":
      case "start_date":
        return isDay(text) ? formatDay(text, zone) : formatTime(text, zone);
      default:
        return text;
    }
  };
}
