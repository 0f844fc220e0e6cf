import { Box, Group, Text, UnstyledButton, VisuallyHidden } from "@mantine/core";
import type { ComponentProps } from "react";

import { PersonAvatar } from "../components/PersonAvatar";
import { useAccount } from "../features/account/useAccount";
import { m } from "../i18n";

/** The person who is logged in, as the button of a menu. */
export function AccountButton(props: ComponentProps<"button">) {
  const { data: account } = useAccount();
  const name = account?.display_name || (account?.username ?? "");
  return (
    <UnstyledButton w="100%" p={6} {...props}>
      <VisuallyHidden>{m.navigation.account}</VisuallyHidden>
      <Group gap="sm" wrap="nowrap">
        <PersonAvatar name={name} size={32} src={account?.avatar_url} />
        <Box miw={0}>
          <Text size="sm" fw={500} truncate>
            {name}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {account?.email}
          </Text>
        </Box>
      </Group>
    </UnstyledButton>
  );
}
