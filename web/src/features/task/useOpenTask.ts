import { useCallback } from "react";
import { useLocation, useSearchParams } from "react-router";

const NAME = "task";

function withTask(search: URLSearchParams, id: string | null): URLSearchParams {
  const after = new URLSearchParams(search);
  if (id === null) {
    after.delete(NAME);
  } else {
    after.set(NAME, id);
  }
  return after;
}

/**
 * The task that is open beside the page. Its id is in the address, and not its key, which can name
 * another task for somebody else.
 */
export function useOpenTask(): [string | null, (id: string | null) => void] {
  const [search, setSearch] = useSearchParams();
  const open = useCallback(
    (id: string | null) => setSearch((before) => withTask(before, id)),
    [setSearch],
  );
  return [search.get(NAME), open];
}

/** Returns a function that returns the link to a task: beside the page, or instead of another task. */
export function useTaskLink(): (id: string) => string {
  const { pathname } = useLocation();
  const [search] = useSearchParams();
  return (id) =>
    pathname.startsWith("/tasks/") ? `/tasks/${id}` : `?${withTask(search, id).toString()}`;
}
