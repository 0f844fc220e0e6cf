import { Group, Stack, Text } from "@mantine/core";
import { lazy } from "react";

import { AddOnDemand } from "../../components/AddOnDemand";
import { ProblemAlert } from "../../components/ProblemAlert";
import { texts } from "./texts";
import { CredentialList } from "../account/Credential";
import { useWebhooks } from "./queries";
import { WebhookEntry } from "./WebhookEntry";

const NewWebhook = lazy(() => import("./NewWebhook"));

/** The webhooks of a project, for those who manage it. */
export default function WebhookSettings({ projectId }: { projectId: string }) {
  const { data, error } = useWebhooks(projectId);
  return (
    <Stack gap="sm" component="section" aria-label={texts.title}>
      <CredentialList title={texts.title}>
        {data?.items.map((webhook) => (
          <WebhookEntry key={webhook.id} projectId={projectId} webhook={webhook} />
        ))}
      </CredentialList>
      <ProblemAlert error={error} />
      <Text size="sm" c="dimmed">
        {texts.explanation}
      </Text>
      <Group>
        <AddOnDemand label={texts.add}>
          <NewWebhook projectId={projectId} />
        </AddOnDemand>
      </Group>
    </Stack>
  );
}
