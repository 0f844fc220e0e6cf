import { Button, Group } from "@mantine/core";
import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import { useEffect, useRef } from "react";

import { m } from "../i18n";

interface Props<T> {
  list: UseInfiniteQueryResult<InfiniteData<T>>;
  size?: "xs" | "sm";
}

/** The button below a list that loads its next page, if there is one. */
export function MoreButton<T>({ list, size = "sm" }: Props<T>) {
  const loadMore = useNextPage(list);
  return (
    list.hasNextPage && (
      <Group justify="center">
        <Button variant="default" size={size} loading={list.isFetchingNextPage} onClick={loadMore}>
          {m.common.more}
        </Button>
      </Group>
    )
  );
}

/**
 * Returns a function that loads the next page.
 *
 * When somebody else changes a task, the loaded pages are read again, and TanStack Query cancels
 * the request for the next page. So that page is requested again until it has arrived or failed.
 */
function useNextPage<T>(list: UseInfiniteQueryResult<InfiniteData<T>>): () => void {
  const wanted = useRef(0);
  const loaded = list.data?.pages.length ?? 0;
  const { fetchNextPage, hasNextPage, isError, isFetching } = list;
  useEffect(() => {
    if (loaded >= wanted.current || isError) {
      wanted.current = 0;
    } else if (!isFetching && hasNextPage) {
      void fetchNextPage();
    }
  }, [loaded, isError, isFetching, hasNextPage, fetchNextPage]);
  return () => {
    wanted.current = loaded + 1;
    void fetchNextPage();
  };
}
