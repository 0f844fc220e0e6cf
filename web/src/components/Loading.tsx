import { Center, Loader } from "@mantine/core";

import { m } from "../i18n";

export function Loading() {
  return (
    <Center p="xl">
      <Loader size="sm" role="progressbar" aria-label={m.common.loading} />
    </Center>
  );
}
