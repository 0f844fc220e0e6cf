import { Button, Center, Stack, Text, Title } from "@mantine/core";

import { m } from "../i18n";

function Message({ title, text }: { title: string; text: string }) {
  return (
    <Center component="main" mih="60vh" p="md">
      <Stack align="center" maw={420} ta="center">
        <Title order={1} size="h3">
          {title}
        </Title>
        <Text c="dimmed">{text}</Text>
        <Button component="a" href="/">
          {m.errors.home}
        </Button>
      </Stack>
    </Center>
  );
}

export function NotFoundPage() {
  return <Message title={m.errors.notFound} text={m.errors.notFoundText} />;
}

/** The page after an error in the code, or when a file of an older release is gone. */
export function ErrorPage() {
  return <Message title={m.errors.broken} text={m.errors.brokenText} />;
}
