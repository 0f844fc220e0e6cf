import { Box, Tabs, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Member } from "../../api/types";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { MarkdownText } from "./MarkdownText";
import { MentionTextarea } from "./MentionTextarea";
import { texts } from "./texts";

interface Props {
  label: string;
  value: string;
  onChange: (text: string) => void;
  taskId: string;
  members: Member[];
  placeholder?: string;
  minRows?: number;
  /** Called for Ctrl and Enter. */
  onSubmit?: () => void;
}

/** Edits a Markdown text, with a preview that the API renders. */
export default function MarkdownEditor({ label, value, taskId, minRows = 2, ...props }: Props) {
  const [tab, setTab] = useState<string | null>("write");
  return (
    <Tabs value={tab} onChange={setTab} variant="pills" keepMounted={false}>
      <Tabs.List mb={6} aria-label={texts.mode}>
        <Tabs.Tab value="write" size="xs" py={4} px={10}>
          {texts.write}
        </Tabs.Tab>
        <Tabs.Tab value="preview" size="xs" py={4} px={10}>
          {texts.preview}
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="write">
        <MentionTextarea
          {...props}
          aria-label={label}
          value={value}
          minRows={minRows}
          maxRows={18}
        />
      </Tabs.Panel>
      <Tabs.Panel value="preview">
        <Preview text={value} taskId={taskId} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Preview({ text, taskId }: { text: string; taskId: string }) {
  const preview = useQuery({
    queryKey: ["markdown", text],
    enabled: text.trim() !== "",
    placeholderData: keepPreviousData,
    queryFn: () => unwrap(api.POST("/api/markdown", { body: { text } })),
  });
  if (text.trim() === "") {
    return (
      <Text size="sm" c="dimmed">
        {texts.empty}
      </Text>
    );
  }
  return (
    <Box mih={48}>
      <ProblemAlert error={preview.error} />
      {preview.isPending && <Loading />}
      {preview.data && <MarkdownText html={preview.data.html} taskId={taskId} />}
    </Box>
  );
}
