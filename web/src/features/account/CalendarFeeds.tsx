import { Button, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, idempotencyKey } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { components } from "../../api/schema";
import { formatAge } from "../../components/dates";
import { notifyProblem } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { Select } from "../../components/Select";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { texts } from "./texts";
import { useProjects } from "../projects/queries";
import { Credential, CredentialList, NewSecret } from "./Credential";

type Entries = components["schemas"]["CalendarEntries"];

const feedsKey = ["calendar-feeds"] as const;
const ENTRIES: Entries[] = ["events", "all_day_events", "todos"];
const MY_TASKS = "mine";

/** The person's calendar feeds: addresses that a calendar program subscribes to. */
export default function CalendarFeeds() {
  const queries = useQueryClient();
  const { data: projects } = useProjects();
  const { data } = useQuery({
    queryKey: feedsKey,
    queryFn: () => unwrap(api.GET("/api/calendar-feeds")),
  });
  const remove = useMutation({
    mutationFn: (id: string) =>
      unwrap(api.DELETE("/api/calendar-feeds/{feed_id}", { params: { path: { feed_id: id } } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: feedsKey }),
    onError: notifyProblem,
  });
  const nameOf = (project: string | null) =>
    project === null
      ? texts.calendarFeeds.mine
      : (projects?.find(({ id }) => id === project)?.name ?? texts.calendarFeeds.project);
  return (
    <Stack gap="lg">
      <Text size="sm">{texts.calendarFeeds.explanation}</Text>
      <NewFeed />
      <CredentialList title={texts.calendarFeeds.title}>
        {data?.items.map((feed) => (
          <Credential
            key={feed.id}
            name={feed.name}
            details={[
              nameOf(feed.project),
              texts.calendarFeeds.entries[feed.show_as],
              feed.last_used_at === null
                ? texts.tokens.neverUsed
                : m.account.lastUsed(formatAge(feed.last_used_at)),
            ]}
            onDelete={() => remove.mutate(feed.id)}
          />
        ))}
      </CredentialList>
    </Stack>
  );
}

function NewFeed() {
  const queries = useQueryClient();
  const { data: projects } = useProjects();
  const [project, setProject] = useState(MY_TASKS);
  const [entries, setEntries] = useState<Entries>("events");
  const create = useMutation({
    mutationFn: (name: string) =>
      unwrap(
        api.POST("/api/calendar-feeds", {
          params: { header: idempotencyKey() },
          body: { name, show_as: entries, ...(project === MY_TASKS ? {} : { project }) },
        }),
      ),
    onSuccess: () => queries.invalidateQueries({ queryKey: feedsKey }),
  });
  const { values, bind } = useFields({ name: "" }, create.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        create.mutate(values.name);
      }}
    >
      <Stack>
        <ProblemAlert error={create.error} fields={["name"]} />
        <TextInput label={texts.tokens.name} required maxLength={100} {...bind("name")} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <Select
            label={texts.calendarFeeds.tasks}
            data={[
              { value: MY_TASKS, label: texts.calendarFeeds.mine },
              ...(projects ?? []).map(({ id, name }) => ({ value: id, label: name })),
            ]}
            value={project}
            allowDeselect={false}
            onChange={(value) => value && setProject(value)}
          />
          <Select
            label={texts.calendarFeeds.showAs}
            data={ENTRIES.map((value) => ({ value, label: texts.calendarFeeds.entries[value] }))}
            value={entries}
            allowDeselect={false}
            onChange={(value) => value && setEntries(value as Entries)}
          />
        </SimpleGrid>
        <Group>
          <Button type="submit" loading={create.isPending}>
            {m.common.create}
          </Button>
        </Group>
        {create.data && (
          <NewSecret title={texts.calendarFeeds.shownOnce} secret={create.data.url} />
        )}
      </Stack>
    </form>
  );
}
