import { useCallback, useMemo } from "react";

import type { TaskQuery } from "../../api/types";
import { readFilter } from "../views/filter";
import { useFilterSearch } from "../views/useView";
import type { BoardFilter } from "./columns";

const NAMES = { assignee: "assigned_to", label: "label", priority: "priority", text: "q" } as const;

/** The filters of cards, which are in the address or its view, so that a link shows the same. */
export function useBoardFilter(): [BoardFilter, (filter: BoardFilter) => void] {
  const [search, change] = useFilterSearch();
  const filter = useMemo<BoardFilter>(
    () => ({
      assignee: search.get(NAMES.assignee),
      label: search.get(NAMES.label),
      priority: search.get(NAMES.priority),
      text: search.get(NAMES.text) ?? "",
    }),
    [search],
  );
  const setFilter = useCallback(
    (next: BoardFilter) =>
      change(
        Object.fromEntries(
          Object.entries(NAMES).map(([field, name]) => [
            name,
            next[field as keyof BoardFilter] || null,
          ]),
        ),
      ),
    [change],
  );
  return [filter, setFilter];
}

/** The other filters of the address or its view, which only the API can apply. */
export function useServerFilter(): TaskQuery {
  const [search] = useFilterSearch();
  return useMemo(() => {
    const others = new URLSearchParams(search);
    Object.values(NAMES).forEach((name) => others.delete(name));
    return readFilter(others) as TaskQuery;
  }, [search]);
}

/** Whether the board has the manual order, and a function that changes this. */
export function useManualOrder(): [boolean, (isManual: boolean) => void] {
  const [search, change] = useFilterSearch();
  const setManual = useCallback(
    (isManual: boolean) => change({ ordering: isManual ? "rank" : null }),
    [change],
  );
  return [search.get("ordering") === "rank", setManual];
}
