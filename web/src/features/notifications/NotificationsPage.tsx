import { Button, Group, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { usePageTitle } from "../../components/usePageTitle";
import { m } from "../../i18n";
import { NotificationRow } from "./NotificationRow";
import classes from "./Notifications.module.css";
import { texts } from "./texts";
import { useMarkAllAsRead } from "./useMarkAsRead";
import { notificationsKey } from "./useUnreadCount";

const FILTERS = ["all", "unread"] as const;

/** The inbox: all notifications, or the unread ones. */
export default function NotificationsPage() {
  const title = m.account.tabs.notifications;
  usePageTitle(title);
  const [shown, show] = useState<(typeof FILTERS)[number]>("all");
  const list = useInfiniteQuery({
    queryKey: [...notificationsKey, "list", shown],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam }) => {
      const query = { unread: shown === "unread", cursor: pageParam };
      return unwrap(api.GET("/api/notifications", { params: { query } }));
    },
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
  const markAll = useMarkAllAsRead();
  const items = list.data?.pages.flatMap((page) => page.items) ?? [];
  const newest = items[0]?.id;
  return (
    <Stack p={{ base: "md", sm: "xl" }} maw={720}>
      <Title order={1} size="h2">
        {title}
      </Title>
      <Group>
        {FILTERS.map((name) => (
          <Button
            key={name}
            variant={name === shown ? "light" : "subtle"}
            aria-pressed={name === shown}
            onClick={() => show(name)}
          >
            {texts[name]}
          </Button>
        ))}
        <Button
          variant="default"
          ml="auto"
          disabled={items.every((each) => each.is_read)}
          loading={markAll.isPending}
          onClick={() => newest && markAll.mutate(newest)}
        >
          {texts.markAll}
        </Button>
      </Group>
      <ProblemAlert error={list.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && items.length === 0 && <Text>{texts.empty}</Text>}
      {items.length > 0 && (
        <ul className={classes.list} aria-label={title}>
          {items.map((each) => (
            <NotificationRow key={each.id} notification={each} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Group>
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            {m.common.more}
          </Button>
        </Group>
      )}
    </Stack>
  );
}
