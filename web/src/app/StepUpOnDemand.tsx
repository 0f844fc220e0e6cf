import { lazy, Suspense } from "react";

import { stepUpStore } from "../api/stepUp";
import { useStore } from "../components/store";

const StepUpDialog = lazy(() => import("../features/secondFactors/StepUpDialog"));

/** Asks for a proof while a request waits for it. */
export function StepUpOnDemand() {
  return (
    useStore(stepUpStore) && (
      <Suspense>
        <StepUpDialog />
      </Suspense>
    )
  );
}
