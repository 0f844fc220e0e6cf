import { ActionIcon, Anchor, Group, Image, Text } from "@mantine/core";
import { IconFile, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Attachment } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { formatSize } from "../../components/sizes";
import { m } from "../../i18n";
import { attachmentsKey } from "./queries";

/** A file of a task, with a small preview if it is a picture. */
export function FileRow({ file, isEditable }: { file: Attachment; isEditable: boolean }) {
  const queries = useQueryClient();
  const params = { path: { task_id: file.task, attachment_id: file.id } };
  const readLink = (inline: boolean) =>
    unwrap(
      api.GET("/api/tasks/{task_id}/attachments/{attachment_id}/download", {
        params: { ...params, query: { inline } },
      }),
    );
  const open = useMutation({
    mutationFn: () => readLink(false),
    onSuccess: ({ url }) => location.assign(url),
    onError: notifyProblem,
  });
  const remove = useMutation({
    mutationFn: () =>
      unwrap(api.DELETE("/api/tasks/{task_id}/attachments/{attachment_id}", { params })),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: attachmentsKey(file.task) });
      await queries.invalidateQueries({ queryKey: ["tasks"] });
    },
    onError: notifyProblem,
  });
  const preview = useQuery({
    queryKey: ["preview", file.id],
    enabled: file.picture !== null,
    // The link works for a minute; the browser keeps the picture.
    staleTime: Infinity,
    gcTime: 50_000,
    queryFn: () => readLink(true),
  });
  return (
    <Group gap="sm" py={4} wrap="nowrap">
      {preview.data ? (
        <Image src={preview.data.url} alt="" w={36} h={36} radius="sm" fit="cover" />
      ) : (
        <IconFile size={20} aria-hidden />
      )}
      <Anchor component="button" size="sm" ta="start" onClick={() => open.mutate()}>
        {file.filename}
      </Anchor>
      <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
        {formatSize(file.size)}
      </Text>
      {isEditable && (
        <ActionIcon
          variant="subtle"
          color="gray"
          size="sm"
          ml="auto"
          aria-label={m.task.deleteFile(file.filename)}
          onClick={() => remove.mutate()}
        >
          <IconTrash size={14} />
        </ActionIcon>
      )}
    </Group>
  );
}
