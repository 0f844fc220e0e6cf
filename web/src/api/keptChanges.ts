/** Changes that a reload does not lose: `app/storeChanges` stores them until the API has responded. */
import {
  type Mutation,
  type MutationOptions,
  useMutation,
  type UseMutationResult,
} from "@tanstack/react-query";

import { queryClient, shouldRetry } from "./queries";

const KEPT = "kept";

/** The key of a kind of change in the cache of mutations. */
export const keptKey = (name: string) => [KEPT, name];

/** Whether a reload does not lose a change. */
export const isKept = ({ options }: Mutation) => options.mutationKey?.[0] === KEPT;

/**
 * Declares a kind of change, and returns a hook to make one. The variables are JSON, and the same
 * change may be sent twice: it has an `If-Match` or an `Idempotency-Key` in its variables.
 *
 * A reload repeats a change without the component that made it. So what must happen afterwards is in
 * the options here, not in those of `mutate`.
 */
export function keepChange<R, V>(
  name: string,
  options: Omit<MutationOptions<R, Error, V>, "mutationKey" | "retry">,
): () => UseMutationResult<R, Error, V> {
  const mutationKey = keptKey(name);
  queryClient.setMutationDefaults(mutationKey, {
    ...(options as MutationOptions),
    retry: shouldRetry,
  });
  return function useKeptChange() {
    return useMutation<R, Error, V>({ mutationKey });
  };
}
