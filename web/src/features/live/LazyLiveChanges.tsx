import { lazy, Suspense } from "react";

const Loaded = lazy(() => import("./LiveChanges"));

/** Shows the changes by others in a project; its code is loaded when the page is shown. */
export function LazyLiveChanges({ projectId }: { projectId: string }) {
  return (
    <Suspense>
      <Loaded projectId={projectId} />
    </Suspense>
  );
}
