import { TextInput } from "@mantine/core";

import type { Task } from "../../api/types";
import { formatTime, getDueDay, isDay } from "../../components/dates";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { useTaskEdit } from "./useTaskEdit";

// While the year is being typed, it has fewer digits.
const FIRST_DAY = "1000-01-01";

interface Props {
  task: Task;
  field: "start_date" | "due_date";
  isEditable: boolean;
}

/** A day of a task; a time that was set elsewhere is shown below the field. */
export function DateField({ task, field, isEditable }: Props) {
  const zone = useTimeZone();
  const toDay = (value?: string | null) => (value ? getDueDay(value, zone) : "");
  const edit = useTaskEdit(task, field, (text, seen) =>
    text === toDay(seen[field]) || (text !== "" && text < FIRST_DAY)
      ? null
      : { [field]: text === "" ? null : text },
  );
  const value = task[field];
  return (
    <TextInput
      key={edit.seen}
      type="date"
      label={m.fields[field]}
      readOnly={!isEditable}
      defaultValue={toDay(edit.seen)}
      {...(value !== null && !isDay(value) && { description: formatTime(value, zone) })}
      inputWrapperOrder={["label", "input", "description"]}
      onChange={({ currentTarget }) => {
        // The value of an incomplete date is empty, as that of no date.
        edit.change(currentTarget.validity.badInput ? toDay(edit.seen) : currentTarget.value);
      }}
      onBlur={edit.save}
    />
  );
}
