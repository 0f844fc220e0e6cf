import { VisuallyHidden } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";

import { useUnreadCount } from "../features/notifications/useUnreadCount";
import { m } from "../i18n";
import { NavigationLink } from "./NavigationLink";

/** The link to the inbox, with the number of unread notifications; `isSmall` shows no text. */
export function InboxLink({ isSmall = false }: { isSmall?: boolean }) {
  const label = m.account.tabs.notifications;
  const unread = useUnreadCount() ?? 0;
  return (
    <NavigationLink
      to="/notifications"
      icon={<IconBell size={18} stroke={1.6} aria-hidden />}
      {...(unread > 0 && { count: unread < 100 ? unread : "99+" })}
    >
      {isSmall ? <VisuallyHidden>{label}</VisuallyHidden> : label}
    </NavigationLink>
  );
}
