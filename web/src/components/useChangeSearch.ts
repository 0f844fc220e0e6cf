import { useCallback } from "react";
import { useSearchParams } from "react-router";

/** Returns a function that sets parameters of the address, and removes those without a value. */
export function useChangeSearch(): (changes: Record<string, string | null>) => void {
  const [, setSearch] = useSearchParams();
  return useCallback(
    (changes) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes)) {
            if (value) {
              after.set(name, value);
            } else {
              after.delete(name);
            }
          }
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
}
