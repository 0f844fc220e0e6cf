import { lazy, Suspense } from "react";

import { useStore } from "../../components/store";
import { blockedStore, useConflict } from "./dialogStores";

const BlockedDialog = lazy(() => import("./BlockedDialog"));
const ConflictDialog = lazy(() => import("./ConflictDialog"));

/** The dialogs about changes of tasks that the API has refused. */
export function TaskDialogs() {
  const conflict = useConflict();
  const blocked = useStore(blockedStore);
  return (
    <Suspense>
      {conflict && <ConflictDialog conflict={conflict} />}
      {blocked && <BlockedDialog blocked={blocked} />}
    </Suspense>
  );
}
