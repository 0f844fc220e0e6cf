import { Text } from "@mantine/core";

/** A text that people wrote, with its line breaks and without any markup. */
export function PlainText({ text }: { text: string }) {
  return (
    <Text size="sm" style={{ whiteSpace: "pre-wrap", overflowWrap: "anywhere" }}>
      {text}
    </Text>
  );
}
