import { Button, Checkbox, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { WebhookEvent } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { texts } from "./texts";
import { NewSecret } from "../account/Credential";
import { EVENTS, webhooksKey } from "./queries";

/** The form for a new webhook; afterwards it shows the secret. */
export default function NewWebhook({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const [events, setEvents] = useState<string[]>(["task.created", "task.changed"]);
  const create = useMutation({
    mutationFn: (url: string) =>
      unwrap(
        api.POST("/api/projects/{project_id}/webhooks", {
          params: { path: { project_id: projectId }, header: idempotencyKey() },
          body: { url, events: events as WebhookEvent[] },
        }),
      ),
    onSuccess: () => {
      reset();
      return queries.invalidateQueries({ queryKey: webhooksKey(projectId) });
    },
  });
  const { values, bind, reset } = useFields({ url: "" }, create.error);
  return (
    <form
      style={{ width: "100%" }}
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(values.url.trim());
      }}
    >
      <Stack>
        <ProblemAlert error={create.error} fields={["url"]} />
        <TextInput
          label={texts.url}
          description={texts.urlHint}
          type="url"
          required
          maxLength={1000}
          {...bind("url")}
        />
        <Checkbox.Group label={texts.events} value={events} onChange={setEvents}>
          <SimpleGrid cols={{ base: 2, sm: 3 }} mt="xs" spacing="xs">
            {EVENTS.map((event) => (
              <Checkbox key={event} value={event} label={event} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
        <Group>
          <Button type="submit" loading={create.isPending} disabled={events.length === 0}>
            {m.common.create}
          </Button>
        </Group>
        {create.data && <NewSecret title={texts.shownOnce} secret={create.data.secret} />}
      </Stack>
    </form>
  );
}
