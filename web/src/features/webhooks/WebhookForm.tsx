import { Button, Checkbox, Group, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";

import type { Webhook, WebhookEvent } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { EVENTS } from "./queries";
import { texts } from "./texts";

export type WebhookChoice = Pick<Webhook, "url" | "events">;

interface Props {
  initial: WebhookChoice;
  /** The text of the button that sends the form. */
  action: string;
  isPending: boolean;
  /** The failure of the request. */
  error: unknown;
  onSubmit: (chosen: WebhookChoice) => void;
  /** Further buttons. */
  children?: ReactNode;
}

/** The address of a webhook and the events that it sends. */
export function WebhookForm({ initial, action, isPending, error, onSubmit, children }: Props) {
  const [events, setEvents] = useState<string[]>(initial.events);
  const { values, bind } = useFields({ url: initial.url }, error);
  return (
    <form
      style={{ width: "100%" }}
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit({ url: values.url.trim(), events: events as WebhookEvent[] });
      }}
    >
      <Stack>
        <ProblemAlert error={error} fields={["url"]} />
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
          <Button type="submit" loading={isPending} disabled={events.length === 0}>
            {action}
          </Button>
          {children}
        </Group>
      </Stack>
    </form>
  );
}
