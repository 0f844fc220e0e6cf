/** What the client reads of tasks. All keys of the cache begin with `tasks`. */
import {
  type InfiniteData,
  type QueryClient,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { readAllPages } from "../../api/queries";
import type { Task, TaskCard, TaskPatch, TaskQuery } from "../../api/types";

/** A board shows the newest tasks up to this number. */
export const BOARD_MAX = 1000;
const PAGE = 100;
const LIST_PAGE = 50;

export interface CardPage {
  items: TaskCard[];
  next_cursor: string | null;
}

export const tasksKey = ["tasks"] as const;
export const boardsKey = ["tasks", "board"] as const;
export const calendarsKey = ["tasks", "calendar"] as const;
export const listsKey = ["tasks", "list"] as const;
export const boardKey = (projectId: string) => [...boardsKey, projectId] as const;
export const openTasksKey = ["tasks", "one"] as const;
export const taskKey = (id: string) => [...openTasksKey, id] as const;

/** Reads a page of the tasks that match `query`. */
export async function readCards(query: TaskQuery): Promise<CardPage> {
  return (await unwrap(api.GET("/api/tasks", { params: { query } }))) as CardPage;
}

/** Reads a whole task by its id or its key. */
export async function readTask(id: string): Promise<Task> {
  const params = { path: { task_id: id }, query: { render: "html" as const } };
  return (await unwrap(api.GET("/api/tasks/{task_id}", { params }))) as Task;
}

/** Reads the tasks of a project that match `query`, whatever their status: the newest, or the first. */
export function useBoardTasks(projectId: string, query: TaskQuery) {
  return useQuery({
    queryKey: [...boardKey(projectId), query],
    queryFn: () =>
      readAllPages(
        (cursor) => readCards({ ...query, project: [projectId], limit: PAGE, cursor }),
        BOARD_MAX,
      ),
  });
}

/** Reads the tasks that match `query`, page by page. */
export function useTaskList(query: TaskQuery) {
  return useInfiniteQuery({
    queryKey: [...listsKey, query],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => readCards({ ...query, limit: LIST_PAGE, cursor: pageParam }),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

/** Reads a whole task by its id or its key. */
export function useTask(id: string) {
  return useQuery({
    queryKey: taskKey(id),
    queryFn: () => readTask(id),
  });
}

/** Applies a change to every copy of a task in the cache. */
export function patchCachedTask(queries: QueryClient, id: string, patch: Partial<Task>): void {
  const update = <T extends TaskCard>(task: T): T =>
    task.id === id ? { ...task, ...patch } : task;
  for (const queryKey of [boardsKey, calendarsKey]) {
    queries.setQueriesData<TaskCard[]>({ queryKey }, (tasks) => tasks?.map(update));
  }
  queries.setQueriesData<InfiniteData<CardPage>>(
    { queryKey: listsKey },
    (data) =>
      data && {
        ...data,
        pages: data.pages.map((page) => ({ ...page, items: page.items.map(update) })),
      },
  );
  queries.setQueriesData<Task>({ queryKey: openTasksKey }, (task) => task && update(task));
}

/**
 * Returns the part of a patch that a task shows at once: null stands for no labels, and only the API
 * renders a new description.
 */
export function toVisiblePatch({ labels, ...rest }: TaskPatch): Partial<Task> {
  return {
    ...rest,
    ...(labels !== undefined && { labels: labels ?? [] }),
    ...(rest.description !== undefined && { description_html: undefined }),
  };
}
