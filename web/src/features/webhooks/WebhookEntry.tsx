import { Button, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";

import { api, idempotencyKey, ifMatch } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Webhook } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { notifyProblem, notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { texts } from "./texts";
import { Credential, NewSecret } from "../account/Credential";
import { useTimeZone } from "../account/useAccount";
import { deliveriesKey, webhooksKey } from "./queries";

const Deliveries = lazy(() => import("./Deliveries"));
const EditWebhook = lazy(() => import("./EditWebhook"));

interface Props {
  projectId: string;
  webhook: Webhook;
}

/** A webhook: its state, what can be done with it, and its deliveries on demand. */
export function WebhookEntry({ projectId, webhook }: Props) {
  const zone = useTimeZone();
  const [isOpen, setOpen] = useState(false);
  const [isEdited, setEdited] = useState(false);
  const { change, rotate, test, remove } = useWebhookActions(projectId, webhook);
  return (
    <Stack gap="xs">
      <Credential
        name={webhook.url}
        details={[texts.withEvents(webhook.events.length), describeState(webhook, zone)]}
        onDelete={() => remove.mutate()}
        actions={
          <>
            <Action onClick={() => setOpen(!isOpen)} isExpanded={isOpen}>
              {texts.deliveries}
            </Action>
            <Action onClick={() => setEdited(!isEdited)} isExpanded={isEdited}>
              {m.common.edit}
            </Action>
            <Action onClick={() => test.mutate()}>{texts.sendTest}</Action>
            <Action onClick={() => rotate.mutate()}>{texts.rotate}</Action>
            <Action onClick={() => change.mutate(!webhook.active)}>
              {webhook.active ? texts.pause : texts.activate}
            </Action>
          </>
        }
      />
      {isEdited && (
        <Suspense fallback={<Loading />}>
          <EditWebhook projectId={projectId} webhook={webhook} onClose={() => setEdited(false)} />
        </Suspense>
      )}
      {rotate.data && <NewSecret title={texts.shownOnceOverlap} secret={rotate.data.secret} />}
      {isOpen && (
        <Suspense fallback={<Loading />}>
          <Deliveries projectId={projectId} webhookId={webhook.id} />
        </Suspense>
      )}
    </Stack>
  );
}

interface ActionProps {
  children: string;
  onClick: () => void;
  isExpanded?: boolean;
}

function Action({ children, onClick, isExpanded }: ActionProps) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      color="gray"
      aria-expanded={isExpanded}
      onClick={onClick}
    >
      {children}
    </Button>
  );
}

function describeState(webhook: Webhook, zone: string): string {
  if (webhook.disabled_reason !== null) {
    return texts.disabled[webhook.disabled_reason];
  }
  if (webhook.retry_at !== null) {
    return texts.failing(formatTime(webhook.retry_at, zone));
  }
  return webhook.active ? texts.active : texts.paused;
}

function useWebhookActions(projectId: string, webhook: Webhook) {
  const queries = useQueryClient();
  const path = { project_id: projectId, webhook_id: webhook.id };
  const refresh = () => queries.invalidateQueries({ queryKey: webhooksKey(projectId) });
  const change = useMutation({
    mutationFn: (active: boolean) =>
      unwrap(
        api.PATCH("/api/projects/{project_id}/webhooks/{webhook_id}", {
          params: { path, header: ifMatch(webhook.version) },
          body: { active },
        }),
      ),
    onSettled: refresh,
    onError: notifyProblem,
  });
  const rotate = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/projects/{project_id}/webhooks/{webhook_id}/rotate-secret", {
          params: { path, header: idempotencyKey() },
        }),
      ),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const test = useMutation({
    mutationFn: () =>
      unwrap(
        api.POST("/api/projects/{project_id}/webhooks/{webhook_id}/test", {
          params: { path, header: idempotencyKey() },
        }),
      ),
    onSuccess: () => {
      notifySuccess(texts.queued);
      return queries.invalidateQueries({ queryKey: deliveriesKey(webhook.id) });
    },
    onError: notifyProblem,
  });
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/projects/{project_id}/webhooks/{webhook_id}", { params: { path } })),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  return { change, rotate, test, remove };
}
