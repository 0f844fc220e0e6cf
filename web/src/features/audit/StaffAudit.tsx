import { Stack, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { AuditEntries } from "./AuditEntries";
import { texts } from "./texts";

/** The audit log of all accounts and projects, or of one, for site staff. */
export default function StaffAudit() {
  const [text, setText] = useState("");
  const [subject] = useDebouncedValue(text.trim(), 300);
  return (
    <Stack>
      <TextInput
        label={texts.subject}
        maw={360}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <AuditEntries
        of={`staff ${subject}`}
        actions={[]}
        load={(query) =>
          unwrap(
            api.GET("/api/admin/audit", {
              params: { query: { ...query, ...(subject && { subject }) } },
            }),
          )
        }
      />
    </Stack>
  );
}
