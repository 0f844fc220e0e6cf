import { Stack, Text, Title } from "@mantine/core";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { AuditAction } from "../../api/types";
import { AuditEntries } from "./AuditEntries";
import { texts } from "./texts";

const ACTIONS: AuditAction[] = [
  "member.added",
  "member.joined",
  "member.role_changed",
  "member.removed",
  "member.left",
  "invitation.created",
  "webhook.created",
  "webhook.secret_rotated",
  "project.exported",
  "project.reported",
  "project.copied",
  "project.transferred",
];

/** The audit log of a project, for its owner. */
export default function ProjectAudit({ projectId }: { projectId: string }) {
  return (
    <Stack gap="sm" component="section" aria-label={texts.title}>
      <Title order={2} size="h5">
        {texts.title}
      </Title>
      <Text size="sm" c="dimmed">
        {texts.explanation}
      </Text>
      <AuditEntries
        of={projectId}
        actions={ACTIONS}
        load={(query) =>
          unwrap(
            api.GET("/api/projects/{project_id}/audit", {
              params: { path: { project_id: projectId }, query },
            }),
          )
        }
      />
    </Stack>
  );
}
