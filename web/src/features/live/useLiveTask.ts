import { useQueryClient } from "@tanstack/react-query";

import type { Task } from "../../api/types";
import { readTask } from "../task/queries";
import { showTask } from "./taskParts";
import { usePolling } from "./usePolling";

/** Of so many polls one also reads what leaves no sign in the task, such as an edited comment. */
const POLLS_PER_REFRESH = 10;

interface Poll {
  count: number;
  task: Task;
}

/**
 * Shows within two seconds what others do with an open task: comments, files, relations, reminders and
 * subtasks. The changes feed does not tell of them, but the task counts them, and a browser reads an
 * unchanged task as a 304.
 */
export function useLiveTask(id: string): void {
  const queries = useQueryClient();
  usePolling<Poll>(["live-task", id], { isEnabled: true }, async (before) => {
    const task = await readTask(id);
    if (before === undefined) {
      return { count: 1, task };
    }
    if (queries.isMutating() > 0) {
      return before;
    }
    await showTask(queries, before.task, task);
    if (before.count % POLLS_PER_REFRESH === 0) {
      await Promise.all(
        ["comments", "watchers"].map((part) =>
          queries.invalidateQueries({ queryKey: [part, task.id] }),
        ),
      );
    }
    return { count: before.count + 1, task };
  });
}
