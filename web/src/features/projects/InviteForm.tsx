import { Button, Group, Stack, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { Select } from "../../components/Select";
import { m } from "../../i18n";
import { projectKey } from "./queries";
import { type GivenRole, listRoles } from "./roles";
import { texts } from "./texts";

/** Adds the account with an address to the project, or invites the address. */
export function InviteForm({ projectId }: { projectId: string }) {
  const queries = useQueryClient();
  const [role, setRole] = useState<GivenRole>("member");
  const invite = useMutation({
    mutationFn: (email: string) =>
      unwrap(
        api.POST("/api/projects/{project_id}/members", {
          params: { path: { project_id: projectId } },
          body: { email, role },
        }),
      ),
    onSuccess: async ({ kind }, email) => {
      fields.reset();
      notifySuccess(kind === "member" ? texts.added : texts.invited(email));
      await queries.invalidateQueries({ queryKey: projectKey(projectId) });
    },
  });
  const fields = useFields({ email: "" }, invite.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        invite.mutate(fields.values.email);
      }}
    >
      <Stack gap="xs">
        <Title order={2} size="h5">
          {texts.invite}
        </Title>
        <ProblemAlert error={invite.error} fields={["email"]} />
        <Group align="flex-end" gap="xs">
          <TextInput
            flex={1}
            miw={200}
            type="email"
            label={m.auth.email}
            required
            {...fields.bind("email")}
          />
          <Select
            w={140}
            label={texts.role}
            data={listRoles()}
            value={role}
            allowDeselect={false}
            onChange={(value) => value && setRole(value as GivenRole)}
          />
          <Button type="submit" loading={invite.isPending}>
            {texts.inviteButton}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
