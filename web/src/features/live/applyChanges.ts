import type { InfiniteData, Query, QueryClient } from "@tanstack/react-query";

import type { Change, Task, TaskCard } from "../../api/types";
import { projectsKey } from "../projects/queries";
import { boardKey, boardsKey, openTasksKey, tasksKey } from "../task/queries";
import { mergeNewer } from "./merge";

type ChangedTask = Extract<Change, { kind: "task" }>;

/** Shows changes by others: on the board at once, elsewhere by reading again what is on the page. */
export async function applyChanges(
  queries: QueryClient,
  projectId: string,
  changes: Change[],
): Promise<void> {
  const tasks = changes.filter((change): change is ChangedTask => change.kind === "task");
  const gone = new Set(changes.filter(({ kind }) => kind === "deleted").map(({ id }) => id));
  // The person's own changes are in the cache already.
  const news = tasks.filter(({ id, version }) => version > findOldestVersion(queries, id));
  queries.setQueriesData<TaskCard[]>(
    { queryKey: boardKey(projectId), predicate: isWholeBoard },
    (before) => before && removeTasks(mergeNewer(before, tasks), gone),
  );
  if (news.length > 0 || gone.size > 0) {
    const touched = new Set([...gone, ...news.map(({ id }) => id)]);
    await queries.invalidateQueries({
      queryKey: tasksKey,
      predicate: (query) =>
        query.queryKey[1] === openTasksKey[1]
          ? touched.has((query.state.data as Task | undefined)?.id ?? "")
          : !isWholeBoard(query),
    });
  }
  if (changes.some(({ kind }) => kind === "project") || news.length > 0 || gone.size > 0) {
    await queries.invalidateQueries({ queryKey: projectsKey });
  }
}

/** Whether a query is a board without a filter. Of others only the API knows what is on them. */
function isWholeBoard({ queryKey }: Query): boolean {
  const [, kind, , filter = {}] = queryKey;
  return kind === boardsKey[1] && Object.keys(filter as object).length === 0;
}

function removeTasks(tasks: TaskCard[], gone: Set<string>): TaskCard[] {
  return tasks.some(({ id }) => gone.has(id)) ? tasks.filter(({ id }) => !gone.has(id)) : tasks;
}

/** Returns the oldest version of a task in the cache, or 0 if it is not there. */
function findOldestVersion(queries: QueryClient, id: string): number {
  const versions = queries
    .getQueriesData({ queryKey: tasksKey })
    .flatMap(([, data]) => listTasks(data))
    .filter((task) => task.id === id)
    .map(({ version }) => version);
  return versions.length === 0 ? 0 : Math.min(...versions);
}

/** Returns the tasks in an entry of the cache: a board, the pages of a list, or one task. */
function listTasks(data: unknown): TaskCard[] {
  if (Array.isArray(data)) {
    return data as TaskCard[];
  }
  const { pages } = (data ?? {}) as Partial<InfiniteData<{ items: TaskCard[] }>>;
  if (pages) {
    return pages.flatMap(({ items }) => items);
  }
  return (data as TaskCard | undefined)?.id === undefined ? [] : [data as TaskCard];
}
