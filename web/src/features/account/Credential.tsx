import { Alert, Box, Button, Code, Group, Text, Title } from "@mantine/core";
import type { ReactElement, ReactNode } from "react";

import { m } from "../../i18n";

interface Props {
  name: string;
  details: string[];
  onDelete: () => void;
  /** Buttons for more than the deletion. */
  actions?: ReactNode;
}

/** One of the person's secrets, such as an API token, without the secret itself. */
export function Credential({ name, details, onDelete, actions }: Props) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Box>
        <Text size="sm" fw={500} style={{ overflowWrap: "anywhere" }}>
          {name}
        </Text>
        <Text size="xs" c="dimmed">
          {details.join(" · ")}
        </Text>
      </Box>
      <Group gap={4} justify="flex-end">
        {actions}
        <Button size="compact-xs" variant="subtle" color="red" onClick={onDelete}>
          {m.common.delete}
        </Button>
      </Group>
    </Group>
  );
}

/** A heading and the person's secrets below it; `children` is undefined until they are known. */
export function CredentialList({ title, children }: { title: string; children?: ReactElement[] }) {
  return (
    <>
      <Title order={2} size="h5">
        {title}
      </Title>
      {children?.length === 0 && (
        <Text size="sm" c="dimmed">
          {m.common.none}
        </Text>
      )}
      {children}
    </>
  );
}

/** A new secret, which the person can copy only now. */
export function NewSecret({ title, secret }: { title: string; secret: string }) {
  return (
    <Alert color="teal" role="status">
      <Text size="sm" fw={500} mb={4}>
        {title}
      </Text>
      <Code style={{ overflowWrap: "anywhere" }}>{secret}</Code>
    </Alert>
  );
}
