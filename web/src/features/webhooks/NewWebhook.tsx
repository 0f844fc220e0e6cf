import { Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import { m } from "../../i18n";
import { texts } from "./texts";
import { NewSecret } from "../account/Credential";
import { webhooksKey } from "./queries";
import { type WebhookChoice, WebhookForm } from "./WebhookForm";

const INITIAL: WebhookChoice = { url: "", events: ["task.created", "task.changed"] };

/** The form for a new webhook; afterwards it shows the secret. */
export default function NewWebhook({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const create = useMutation({
    mutationFn: (body: WebhookChoice) =>
      unwrap(
        api.POST("/api/projects/{project_id}/webhooks", {
          params: { path: { project_id: projectId }, header: idempotencyKey() },
          body,
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: webhooksKey(projectId) }),
  });
  return (
    <Stack w="100%">
      <WebhookForm
        // A created webhook leaves an empty form for the next one.
        key={create.data?.id}
        initial={INITIAL}
        action={m.common.create}
        isPending={create.isPending}
        error={create.error}
        onSubmit={(chosen) => create.mutate(chosen)}
      />
      {create.data && <NewSecret title={texts.shownOnce} secret={create.data.secret} />}
    </Stack>
  );
}
