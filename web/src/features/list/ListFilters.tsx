import { Group } from "@mantine/core";
import type { ReactNode } from "react";

import type { Label, Member } from "../../api/types";
import { SearchInput } from "../../components/SearchInput";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { getName } from "../projects/queries";

interface Props {
  search: URLSearchParams;
  onChange: (changes: Record<string, string | null>) => void;
  members?: Member[];
  labels?: Label[];
  /** Whether the list has one manual order, that of its project. */
  hasManualOrder?: boolean;
  children?: ReactNode;
}

const toOptions = (texts: Record<string, string>) =>
  Object.entries(texts).map(([value, label]) => ({ value, label }));

/** The search, the filters and the order of a list of tasks. */
export function ListFilters({ search, onChange, members, labels, ...props }: Props) {
  const bind = (name: string, label: string) => ({
    size: "xs",
    w: { base: "calc(50% - 4px)", xs: 140 },
    clearable: true,
    "aria-label": label,
    placeholder: label,
    value: search.get(name),
    onChange: (value: string | null) => onChange({ [name]: value }),
  });
  const due = search.get("overdue") === "true" ? "overdue" : search.get("due");
  const { rank, ...orders } = m.list.orders;
  return (
    <Group gap={8} role="search" aria-label={m.list.filters}>
      <SearchInput
        // A view sets the text.
        key={search.get("view")}
        label={m.list.search}
        initial={search.get("q") ?? ""}
        wait={300}
        onSearch={(text) => onChange({ q: text.trim() })}
      />
      <Select {...bind("status", m.fields.status)} data={toOptions(m.status)} />
      <Select {...bind("priority", m.fields.priority)} data={toOptions(m.priority)} />
      {members && (
        <Select
          {...bind("assigned_to", m.fields.assigned_to)}
          data={[
            { value: "me", label: m.people.me },
            { value: "none", label: m.people.unassigned },
            ...members.map((member) => ({ value: member.user_id, label: getName(member) })),
          ]}
        />
      )}
      {labels && (
        <Select
          {...bind("label", m.fields.labels)}
          data={[
            { value: "none", label: m.list.withoutLabel },
            ...labels.map(({ id, name }) => ({ value: id, label: name })),
          ]}
        />
      )}
      <Select
        {...bind("due", m.fields.due_date)}
        data={toOptions(m.list.due)}
        value={due}
        onChange={(value) =>
          onChange(
            value === "overdue" ? { overdue: "true", due: null } : { overdue: null, due: value },
          )
        }
      />
      <Select
        {...bind("ordering", m.list.order)}
        w={190}
        data={toOptions({ ...orders, ...(props.hasManualOrder && { rank }) })}
      />
      {props.children}
    </Group>
  );
}
