/** What the client reads and changes of reminders. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Reminder } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { openTasksKey } from "../task/queries";

const remindersKey = (taskId: string) => ["reminders", taskId] as const;
const toParams = (taskId: string) => ({ path: { task_id: taskId } });

export function useReminders(taskId: string) {
  return useQuery({
    queryKey: remindersKey(taskId),
    queryFn: () => unwrap(api.GET("/api/tasks/{task_id}/reminders", { params: toParams(taskId) })),
  });
}

/** Replaces the present reminders, as they are now, by those that `edit` makes of them. */
async function changeReminders(taskId: string, edit: (reminders: Reminder[]) => Reminder[]) {
  const reading = api.GET("/api/tasks/{task_id}/reminders", { params: toParams(taskId) });
  const { reminders } = await unwrap(reading);
  const etag = (await reading).response.headers.get("ETag") ?? "*";
  return unwrap(
    api.PUT("/api/tasks/{task_id}/reminders", {
      params: { ...toParams(taskId), header: { "If-Match": etag } },
      body: { reminders: edit(reminders) },
    }),
  );
}

export function useChangeReminders(taskId: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (edit: (reminders: Reminder[]) => Reminder[]) => changeReminders(taskId, edit),
    // It is a change of the task, with a new version.
    scope: { id: "tasks" },
    onSuccess: async (reminders) => {
      queries.setQueryData(remindersKey(taskId), reminders);
      await queries.invalidateQueries({ queryKey: openTasksKey });
    },
    onError: notifyProblem,
  });
}
