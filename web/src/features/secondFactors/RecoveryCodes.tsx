import { Alert, Button, Code, Group, SimpleGrid, Text } from "@mantine/core";

import { notifySuccess } from "../../components/notify";
import { texts } from "./texts";

/** New recovery codes, which the person can copy, download or print only now. */
export function RecoveryCodes({ codes, onDone }: { codes: string[]; onDone: () => void }) {
  const text = `${codes.join("\n")}\n`;
  return (
    <Alert color="teal" role="status">
      <Text size="sm" fw={500} mb={4}>
        {texts.codesTitle}
      </Text>
      <Text size="sm" mb="sm">
        {texts.codesIntro}
      </Text>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" maw={360}>
        {codes.map((code) => (
          <Code key={code} fz="md">
            {code}
          </Code>
        ))}
      </SimpleGrid>
      <Group mt="md">
        <Button
          size="xs"
          variant="default"
          onClick={() =>
            void navigator.clipboard.writeText(text).then(() => notifySuccess(texts.codesCopied))
          }
        >
          {texts.copy}
        </Button>
        <Button
          size="xs"
          variant="default"
          component="a"
          href={`data:text/plain;charset=utf-8,${encodeURIComponent(text)}`}
          download="recovery-codes.txt"
        >
          {texts.download}
        </Button>
        <Button size="xs" variant="default" onClick={() => window.print()}>
          {texts.print}
        </Button>
        <Button size="xs" onClick={onDone}>
          {texts.done}
        </Button>
      </Group>
    </Alert>
  );
}
