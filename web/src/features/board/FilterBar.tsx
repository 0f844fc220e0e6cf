import { Group } from "@mantine/core";
import type { ReactNode } from "react";
import { useSearchParams } from "react-router";

import type { ProjectDetails } from "../../api/types";
import { SearchInput } from "../../components/SearchInput";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { getName, useLabels } from "../projects/queries";
import { LazyViewsMenu } from "../views/LazyViewsMenu";
import type { BoardFilter } from "./columns";

interface Props {
  project: ProjectDetails;
  filter: BoardFilter;
  onChange: (filter: BoardFilter) => void;
  children?: ReactNode;
}

/** The filters of cards, and the saved views. */
export function FilterBar({ project, filter, onChange, children }: Props) {
  const { data: labels } = useLabels(project.id);
  const [search] = useSearchParams();
  const members = project.members.map((member) => ({
    value: member.user_id,
    label: getName(member),
  }));
  const select = { size: "xs", clearable: true, w: { base: "calc(50% - 4px)", xs: 150 } } as const;
  return (
    <Group gap={8} px={{ base: "md", sm: "xl" }} py="sm" role="search" aria-label={m.board.filters}>
      <SearchInput
        // A view sets the text.
        key={search.get("view")}
        label={m.board.search}
        initial={filter.text}
        wait={150}
        onSearch={(text) => onChange({ ...filter, text })}
      />
      <Select
        {...select}
        aria-label={m.fields.assigned_to}
        placeholder={m.fields.assigned_to}
        data={[
          { value: "me", label: m.people.me },
          { value: "none", label: m.people.unassigned },
          ...members,
        ]}
        value={filter.assignee}
        onChange={(assignee) => onChange({ ...filter, assignee })}
      />
      <Select
        {...select}
        aria-label={m.fields.labels}
        placeholder={m.fields.labels}
        data={(labels ?? []).map(({ id, name }) => ({ value: id, label: name }))}
        value={filter.label}
        onChange={(label) => onChange({ ...filter, label })}
      />
      <Select
        {...select}
        aria-label={m.fields.priority}
        placeholder={m.fields.priority}
        data={Object.entries(m.priority).map(([value, label]) => ({ value, label }))}
        value={filter.priority}
        onChange={(priority) => onChange({ ...filter, priority })}
      />
      {children}
      <LazyViewsMenu project={project} />
    </Group>
  );
}
