import { useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { useChangeSearch } from "../../components/useChangeSearch";
import { overrideView, resolveSearch } from "./filter";

export const viewsKey = ["views"] as const;
export const viewKey = (id: string) => [...viewsKey, "one", id] as const;

/** Reads the saved view whose id is in the address. */
export function useOpenView() {
  const [search] = useSearchParams();
  const id = search.get("view") ?? "";
  return useQuery({
    queryKey: viewKey(id),
    enabled: id !== "",
    queryFn: () => unwrap(api.GET("/api/views/{view_id}", { params: { path: { view_id: id } } })),
  });
}

/**
 * Returns the address with the filter of its view filled in, and a function that changes filters.
 * `ViewGate` has read the view before.
 */
export function useFilterSearch(): [
  URLSearchParams,
  (changes: Record<string, string | null>) => void,
] {
  const [search] = useSearchParams();
  const { data: view } = useOpenView();
  const change = useChangeSearch();
  const resolved = useMemo(() => resolveSearch(search, view), [search, view]);
  const changeFilter = useCallback(
    (changes: Record<string, string | null>) => change(overrideView(changes, view)),
    [change, view],
  );
  return [resolved, changeFilter];
}
