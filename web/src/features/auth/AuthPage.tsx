import { Box, Center, Paper, Stack, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

import { Logo } from "../../components/Logo";
import { usePageTitle } from "../../components/usePageTitle";

interface Props {
  title: string;
  intro?: string;
  children: ReactNode;
  /** Links below the card. */
  footer?: ReactNode;
}

/** The frame of the pages for people without a session. */
export function AuthPage({ title, intro, children, footer }: Props) {
  usePageTitle(title);
  return (
    <Center component="main" mih="100vh" p="md">
      <Box w="100%" maw={420}>
        <Center mb="xl">
          <Logo />
        </Center>
        <Paper withBorder shadow="sm" radius="lg" p="xl">
          <Stack>
            <div>
              <Title order={1} size="h3">
                {title}
              </Title>
              {intro && (
                <Text c="dimmed" size="sm" mt={4}>
                  {intro}
                </Text>
              )}
            </div>
            {children}
          </Stack>
        </Paper>
        {footer && (
          <Text ta="center" size="sm" mt="lg" component="div">
            {footer}
          </Text>
        )}
      </Box>
    </Center>
  );
}
