import { Stack, Title } from "@mantine/core";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { AuditEntries } from "./AuditEntries";
import { texts } from "./texts";

/** The security events of the person's own account. */
export default function SecurityHistory() {
  return (
    <Stack gap="sm" component="section" aria-label={texts.history}>
      <Title order={2} size="h5">
        {texts.history}
      </Title>
      <AuditEntries
        of="account"
        actions={[]}
        load={(query) => unwrap(api.GET("/api/auth/audit", { params: { query } }))}
      />
    </Stack>
  );
}
