import { Stack, Switch, Text } from "@mantine/core";

import type { Account } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { m } from "../../i18n";
import { useUpdateProfile } from "./useUpdateProfile";

/** The kinds of email that the person gets. */
export default function NotificationSettings({ account }: { account: Account }) {
  const update = useUpdateProfile();
  return (
    <Stack>
      <Text size="sm" c="dimmed">
        {m.account.notificationsHint}
      </Text>
      {Object.entries(account.notifications).map(([kind, isOn]) => (
        <Switch
          key={kind}
          label={m.notifications[kind as keyof typeof m.notifications]}
          checked={isOn}
          disabled={update.isPending}
          onChange={(event) =>
            update.mutate(
              { notifications: { [kind]: event.currentTarget.checked } },
              { onError: notifyProblem },
            )
          }
        />
      ))}
    </Stack>
  );
}
