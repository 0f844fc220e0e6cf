import { Stack, Switch, Table, Text } from "@mantine/core";

import type { Account } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { texts } from "../notifications/texts";
import { DigestSettings, QuietHours } from "./DigestSettings";
import { useUpdateProfile } from "./useUpdateProfile";

const CHANNELS = { notifications: texts.byMail, inbox: texts.inInbox };
const CHANNEL_NAMES = ["notifications", "inbox"] as const;
const KINDS = Object.keys(texts.kinds) as (keyof typeof texts.kinds)[];

/** What the person gets by email and in the inbox, and when. */
export default function NotificationSettings({ account }: { account: Account }) {
  const update = useUpdateProfile();
  return (
    <Stack gap="xl">
      <div>
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{texts.kind}</Table.Th>
              {CHANNEL_NAMES.map((channel) => (
                <Table.Th key={channel}>{CHANNELS[channel]}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {KINDS.map((kind) => (
              <Table.Tr key={kind}>
                <Table.Td>{texts.kinds[kind]}</Table.Td>
                {CHANNEL_NAMES.map((channel) => (
                  <Table.Td key={channel}>
                    <Switch
                      aria-label={`${texts.kinds[kind]}: ${CHANNELS[channel]}`}
                      checked={account[channel][kind]}
                      disabled={update.isPending}
                      onChange={(event) =>
                        update.mutate(
                          { [channel]: { [kind]: event.currentTarget.checked } },
                          { onError: notifyProblem },
                        )
                      }
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
        <Text size="sm" c="dimmed" mt="xs">
          {texts.hint}
        </Text>
      </div>
      <DigestSettings account={account} />
      <QuietHours account={account} />
    </Stack>
  );
}
