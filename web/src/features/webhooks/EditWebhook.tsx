import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, ifMatch } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Webhook } from "../../api/types";
import { m } from "../../i18n";
import { webhooksKey } from "./queries";
import { type WebhookChoice, WebhookForm } from "./WebhookForm";

interface Props {
  projectId: string;
  webhook: Webhook;
  onClose: () => void;
}

/** Changes the address and the events of a webhook. */
export default function EditWebhook({ projectId, webhook, onClose }: Props) {
  const queries = useQueryClient();
  const change = useMutation({
    mutationFn: (body: WebhookChoice) =>
      unwrap(
        api.PATCH("/api/projects/{project_id}/webhooks/{webhook_id}", {
          params: {
            path: { project_id: projectId, webhook_id: webhook.id },
            header: ifMatch(webhook.version),
          },
          body,
        }),
      ),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: webhooksKey(projectId) }),
  });
  return (
    <WebhookForm
      initial={webhook}
      action={m.common.save}
      isPending={change.isPending}
      error={change.error}
      onSubmit={(chosen) => change.mutate(chosen)}
    >
      <Button variant="default" onClick={onClose}>
        {m.common.cancel}
      </Button>
    </WebhookForm>
  );
}
