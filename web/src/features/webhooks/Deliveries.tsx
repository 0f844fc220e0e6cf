import { Badge, Button, Code, Table, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { WebhookDelivery } from "../../api/types";
import { formatTime } from "../../components/dates";
import { Loading } from "../../components/Loading";
import { notifyProblem } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { WideTable } from "../../components/WideTable";
import { texts } from "./texts";
import { useTimeZone } from "../account/useAccount";
import { deliveriesKey, useDeliveries } from "./queries";

const COLORS = { pending: "gray", delivered: "teal", failed: "red" };

interface Props {
  projectId: string;
  webhookId: string;
}

/** The newest deliveries of a webhook. */
export default function Deliveries({ projectId, webhookId }: Props) {
  const { data, error, isPending } = useDeliveries(projectId, webhookId);
  const queries = useQueryClient();
  const redeliver = useMutation({
    mutationFn: (id: string) =>
      unwrap(
        api.POST(
          "/api/projects/{project_id}/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver",
          {
            params: {
              path: { project_id: projectId, webhook_id: webhookId, delivery_id: id },
              header: idempotencyKey(),
            },
          },
        ),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: deliveriesKey(webhookId) }),
    onError: notifyProblem,
  });
  if (isPending) {
    return <Loading />;
  }
  if (!data) {
    return <ProblemAlert error={error} />;
  }
  if (data.items.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        {texts.noDeliveries}
      </Text>
    );
  }
  return (
    <WideTable minWidth={560} aria-label={texts.deliveries}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>{texts.time}</Table.Th>
          <Table.Th>{texts.type}</Table.Th>
          <Table.Th>{texts.result}</Table.Th>
          <Table.Td />
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {data.items.map((delivery) => (
          <DeliveryRow
            key={delivery.id}
            delivery={delivery}
            onRedeliver={() => redeliver.mutate(delivery.id)}
          />
        ))}
      </Table.Tbody>
    </WideTable>
  );
}

function DeliveryRow({
  delivery,
  onRedeliver,
}: {
  delivery: WebhookDelivery;
  onRedeliver: () => void;
}) {
  const zone = useTimeZone();
  return (
    <Table.Tr>
      <Table.Td>{formatTime(delivery.created_at, zone)}</Table.Td>
      <Table.Td>
        <details>
          <summary>
            {delivery.type}
            {delivery.cause !== "event" && ` (${texts.cause[delivery.cause]})`}
          </summary>
          <Code block tabIndex={0} aria-label={texts.payload}>
            {JSON.stringify(delivery.payload, null, 2)}
          </Code>
        </details>
      </Table.Td>
      <Table.Td>
        <Badge size="sm" variant="light" color={COLORS[delivery.status]}>
          {texts.status[delivery.status]}
        </Badge>
        <Text size="xs">{describeAnswer(delivery)}</Text>
      </Table.Td>
      <Table.Td>
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          disabled={delivery.status === "pending"}
          onClick={onRedeliver}
        >
          {texts.redeliver}
        </Button>
      </Table.Td>
    </Table.Tr>
  );
}

function describeAnswer({ response_status, error, duration_ms }: WebhookDelivery): string {
  if (error !== null) {
    const known: Record<string, string> = texts.errors;
    return known[error] ?? error;
  }
  return response_status === null ? "" : `HTTP ${response_status} · ${duration_ms} ms`;
}
