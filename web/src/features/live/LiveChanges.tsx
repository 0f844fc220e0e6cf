import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";

import { api } from "../../api/client";
import { isProblem, unwrap } from "../../api/problems";
import { tasksKey } from "../task/queries";
import { applyChanges } from "./applyChanges";
import { takeNew } from "./merge";
import { useIsConnected, useLiveEvents, useLiveSocket } from "./useLiveSocket";
import { usePolling } from "./usePolling";

/**
 * Shows the changes by others in a project within two seconds, while the page is visible: it asks the
 * changes feed when the live connection says so, and without a connection regularly, while the page
 * is used.
 */
export default function LiveChanges({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const seen = useRef(new Map<string, string>());
  useLiveSocket(projectId);
  const options = { isEnabled: true, isConnected: useIsConnected() };
  const ask = usePolling<string>(["live", projectId], options, async (cursor) => {
    const page = await readChanges(projectId, cursor);
    if (page === null) {
      await queries.invalidateQueries({ queryKey: tasksKey });
      return "";
    }
    // A change that is on its way here is newer than the response; the next one has it too.
    if (cursor && queries.isMutating() > 0) {
      return cursor;
    }
    await applyChanges(queries, projectId, takeNew(page.items, seen.current));
    return page.next_cursor;
  });
  useLiveEvents(ask);
  return null;
}

/** Reads the changes since a cursor, or begins now without one; null when it is no longer valid. */
async function readChanges(project: string, cursor: string | undefined) {
  const query = { project, ...(cursor ? { cursor } : { start: "now" as const }) };
  try {
    return await unwrap(api.GET("/api/changes", { params: { query } }));
  } catch (error) {
    if (isProblem(error, "cursor_expired") || isProblem(error, "invalid_cursor")) {
      return null;
    }
    throw error;
  }
}
