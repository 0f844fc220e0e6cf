import { Stack } from "@mantine/core";
import { lazy, Suspense, useState } from "react";

import type { TaskCard } from "../../api/types";
import { useCurrentProject } from "../projects/ProjectLayout";
import { canWrite, useLabels } from "../projects/queries";
import { LazyViewsMenu } from "../views/LazyViewsMenu";
import { ListFilters } from "./ListFilters";
import { TaskTable } from "./TaskTable";
import { useList } from "./useListQuery";

const BulkBar = lazy(() => import("./BulkBar"));

export default function ListPage() {
  const project = useCurrentProject();
  const { search, change, query } = useList();
  const { data: labels } = useLabels(project.id);
  const [selected, setSelected] = useState<Map<string, TaskCard>>(new Map());

  const isEditable = canWrite(project);

  function select(tasks: TaskCard[], isSelected: boolean) {
    setSelected((before) => {
      const after = new Map(before);
      for (const task of tasks) {
        if (isSelected) {
          after.set(task.id, task);
        } else {
          after.delete(task.id);
        }
      }
      return after;
    });
  }

  return (
    <Stack px={{ base: "md", sm: "xl" }} py="sm">
      <ListFilters
        search={search}
        onChange={change}
        members={project.members}
        labels={labels ?? []}
        hasManualOrder
      >
        <LazyViewsMenu project={project} />
      </ListFilters>
      {selected.size > 0 && (
        <Suspense>
          <BulkBar
            tasks={[...selected.values()]}
            project={project}
            onDone={() => setSelected(new Map())}
          />
        </Suspense>
      )}
      <TaskTable
        query={{ ...query, project: [project.id] }}
        members={project.members}
        labels={labels}
        isMovable={isEditable && query.ordering === "rank"}
        {...(isEditable && { selection: new Set(selected.keys()), onSelect: select })}
      />
    </Stack>
  );
}
