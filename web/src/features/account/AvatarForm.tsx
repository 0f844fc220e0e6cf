import { Button, FileButton, Group } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";

import { api } from "../../api/client";
import { ApiProblem, unwrap } from "../../api/problems";
import type { Account } from "../../api/types";
import { notifyProblem } from "../../components/notify";
import { PersonAvatar } from "../../components/PersonAvatar";
import { m } from "../../i18n";
import { accountKey } from "./useAccount";

type ImageType = "image/jpeg" | "image/png" | "image/webp";

/** Shows the avatar image, and replaces or removes it. */
export function AvatarForm({ account }: { account: Account }) {
  const queries = useQueryClient();
  const refresh = () => queries.invalidateQueries({ queryKey: accountKey });
  const upload = useMutation({
    mutationFn: async (file: File) => {
      const { id, upload: form } = await unwrap(
        api.POST("/api/auth/profile/avatar", {
          body: { content_type: file.type as ImageType, size: file.size },
        }),
      );
      const data = new FormData();
      for (const [name, value] of Object.entries(form.fields)) {
        data.append(name, value);
      }
      data.append("file", file);
      const stored = await fetch(form.url, { method: "POST", body: data });
      if (!stored.ok) {
        throw new ApiProblem(stored.status, { code: "upload_failed" });
      }
      return unwrap(
        api.POST("/api/auth/profile/avatar/{avatar_id}/complete", {
          params: { path: { avatar_id: id } },
        }),
      );
    },
    onSuccess: refresh,
    onError: notifyProblem,
  });
  const remove = useMutation({
    mutationFn: () => unwrap(api.DELETE("/api/auth/profile/avatar")),
    onSuccess: refresh,
    onError: notifyProblem,
  });
  return (
    <Group>
      <PersonAvatar
        name={account.display_name || account.username}
        size={72}
        src={account.avatar_url}
      />
      <FileButton
        accept="image/png,image/jpeg,image/webp"
        onChange={(file) => file && upload.mutate(file)}
      >
        {(props) => (
          <Button {...props} variant="default" size="xs" loading={upload.isPending}>
            {m.account.changeAvatar}
          </Button>
        )}
      </FileButton>
      {account.avatar_url !== null && (
        <Button variant="subtle" color="gray" size="xs" onClick={() => remove.mutate()}>
          {m.account.removeAvatar}
        </Button>
      )}
    </Group>
  );
}
