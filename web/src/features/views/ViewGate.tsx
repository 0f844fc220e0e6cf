import { Box, Button } from "@mantine/core";
import type { ReactNode } from "react";

import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useChangeSearch } from "../../components/useChangeSearch";
import { m } from "../../i18n";
import { useOpenView } from "./useView";

/** Shows its children once the saved view in the address has been read. */
export function ViewGate({ children }: { children: ReactNode }) {
  const view = useOpenView();
  const change = useChangeSearch();
  if (view.error) {
    return (
      <Box p="xl">
        <ProblemAlert error={view.error} />
        <Button mt="sm" variant="default" onClick={() => change({ view: null })}>
          {m.views.close}
        </Button>
      </Box>
    );
  }
  return view.isLoading ? <Loading /> : children;
}
