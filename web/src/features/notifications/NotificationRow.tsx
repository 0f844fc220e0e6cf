import { Button } from "@mantine/core";
import { Link } from "react-router";

import type { Notification } from "../../api/types";
import { locale } from "../../i18n";
import { useTimeZone } from "../account/useAccount";
import { findTarget } from "./findTarget";
import classes from "./Notifications.module.css";
import { texts } from "./texts";
import { useMarkAsRead } from "./useMarkAsRead";

/** One notification. Following its link marks it as read. */
export function NotificationRow({ notification }: { notification: Notification }) {
  const { id, kind, actor, task, project, excerpt, created_at, is_read } = notification;
  const timeZone = useTimeZone();
  const markAsRead = useMarkAsRead();
  const target = findTarget(notification);
  const event = texts.events[kind](actor?.display_name || actor?.username || texts.somebody);
  const title = task?.title ?? event;
  const time = new Intl.DateTimeFormat(locale, {
    timeZone,
    dateStyle: "medium",
    timeStyle: "short",
  }).format(new Date(created_at));
  return (
    <li className={classes.row} data-unread={!is_read || undefined}>
      <div>
        {task && <p>{event}</p>}
        <p>
          {target === null ? (
            `${event}. ${texts.gone}`
          ) : (
            <Link to={target} onClick={() => is_read || markAsRead.mutate(id)}>
              {title}
            </Link>
          )}
        </p>
        {excerpt !== null && <p>{excerpt}</p>}
        <p className={classes.dimmed}>{[project?.name, time].filter(Boolean).join(" · ")}</p>
      </div>
      {!is_read && (
        <Button
          size="compact-xs"
          variant="default"
          flex="none"
          aria-label={texts.markRead(title)}
          loading={markAsRead.isPending}
          onClick={() => markAsRead.mutate(id)}
        >
          {texts.read}
        </Button>
      )}
    </li>
  );
}
