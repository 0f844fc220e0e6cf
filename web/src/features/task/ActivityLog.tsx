import { Stack, Text } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Activity, ProjectDetails, Task } from "../../api/types";
import { MoreButton } from "../../components/MoreButton";
import { formatAge, formatTime } from "../../components/dates";
import { m } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { getName } from "../projects/queries";
import { useFieldText } from "./useFieldText";

/** The activity of a task, the newest first. */
export function ActivityLog({ task, project }: { task: Task; project: ProjectDetails }) {
  const activity = useInfiniteQuery({
    queryKey: ["activity", task.id],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) =>
      unwrap(
        api.GET("/api/tasks/{task_id}/activity", {
          params: { path: { task_id: task.id }, query: { cursor: pageParam } },
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 0,
  });
  const entries = activity.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap={10} component="ul" m={0} p={0} style={{ listStyle: "none" }}>
      {entries.map((entry) => (
        <Entry key={entry.id} entry={entry} project={project} />
      ))}
      <MoreButton list={activity} size="xs" />
    </Stack>
  );
}

function Entry({ entry, project }: { entry: Activity; project: ProjectDetails }) {
  const describe = useFieldText(project.id);
  const zone = useTimeZone();
  const member = project.members.find(({ user_id }) => user_id === entry.actor);
  const name = member ? getName(member) : m.people.formerMember;
  return (
    <Text size="sm" component="li">
      <b>{name}</b> {describeEntry(entry, describe)}{" "}
      <Text span size="xs" c="dimmed" title={formatTime(entry.at, zone)}>
        {formatAge(entry.at)}
      </Text>
    </Text>
  );
}

function describeEntry(
  { action, field, old, new: next }: Activity,
  describe: (field: string, value: unknown) => string,
): string {
  if (action !== "changed" || field === null) {
    return m.activity[action as "created" | "deleted" | "restored" | "moved"];
  }
  const name = m.fields[field as keyof typeof m.fields];
  return field === "description"
    ? m.activity.changedText(name)
    : m.activity.changed(name, describe(field, old), describe(field, next));
}
