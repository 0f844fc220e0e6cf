import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import type { Task } from "../../api/types";
import { readTask } from "../task/queries";
import { showTask } from "./taskParts";
import { useIsConnected, useLiveEvents } from "./useLiveSocket";
import { usePolling } from "./usePolling";

/** Without a live connection, one of so many polls also reads what leaves no sign in the task. */
const POLLS_PER_REFRESH = 10;

interface Poll {
  count: number;
  task: Task;
}

/**
 * Shows within two seconds what others do with an open task: comments, files, relations, reminders and
 * subtasks. The live connection tells when; without one, the task is read regularly: it counts them, and
 * a browser reads an unchanged task as a 304. Edited comments and watchers leave no sign in the task.
 */
export function useLiveTask(id: string): void {
  const queries = useQueryClient();
  const isConnected = useIsConnected();
  const isTold = useRef(false);
  const refresh = (part: string) => queries.invalidateQueries({ queryKey: [part, id] });

  const ask = usePolling<Poll>(
    ["live-task", id],
    { isEnabled: true, isConnected },
    async (before) => {
      const task = await readTask(id);
      if (before === undefined) {
        return { count: 1, task };
      }
      if (queries.isMutating() > 0) {
        return before;
      }
      await showTask(queries, before.task, task);
      if (!isTold.current && (isConnected || before.count % POLLS_PER_REFRESH === 0)) {
        await Promise.all([refresh("comments"), refresh("watchers")]);
      }
      isTold.current = false;
      return { count: before.count + 1, task };
    },
  );

  useLiveEvents((events) => {
    const own = events.filter(({ task_id }) => task_id === id);
    if (events.length === 0 || own.some(({ type }) => type.startsWith("comment."))) {
      void refresh("comments");
    }
    if (events.length === 0 || own.length > 0) {
      isTold.current = true;
      ask();
    }
  });
}
