import { useMemo } from "react";

import type { TaskQuery } from "../../api/types";
import { readFilter } from "../views/filter";
import { useFilterSearch } from "../views/useView";

/** The parameters of a list: its filters and its order, as texts. */
export interface List {
  search: URLSearchParams;
  change: (changes: Record<string, string | null>) => void;
  /** The query of the API. */
  query: TaskQuery;
}

/** Returns the query of the API for the parameters of an address. */
export function buildQuery(search: URLSearchParams): TaskQuery {
  const ordering = search.get("ordering") as TaskQuery["ordering"] | null;
  return { ...(readFilter(search) as TaskQuery), ...(ordering && { ordering }) };
}

/** The list that the address and its view describe. */
export function useList(): List {
  const [search, change] = useFilterSearch();
  const query = useMemo(() => buildQuery(search), [search]);
  return { search, change, query };
}
