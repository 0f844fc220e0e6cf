import { Button, Group, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import type { Account } from "../../api/types";
import { CurrentPasswordInput, NewPasswordInput } from "../../components/AccountInputs";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";

/** Requests a new address, to which the API sends a link. */
export function EmailForm({ account }: { account: Account }) {
  const change = useMutation({
    mutationFn: (body: { email: string; password: string }) =>
      unwrap(api.POST("/api/auth/change-email", { body })),
    onSuccess: (_, { email }) => {
      reset();
      notifySuccess(m.account.emailSent(email));
    },
  });
  const { values, bind, reset } = useFields({ email: "", password: "" }, change.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate(values);
      }}
    >
      <Stack>
        <Title order={2} size="h5">
          {m.auth.email}
        </Title>
        <Text size="sm">
          {account.is_verified
            ? m.account.emailIs(account.email)
            : m.account.emailUnverified(account.email)}
        </Text>
        <ProblemAlert error={change.error} fields={["email", "password"]} />
        <TextInput
          type="email"
          label={m.account.newEmail}
          autoComplete="email"
          required
          {...bind("email")}
        />
        <CurrentPasswordInput {...bind("password")} />
        <Group>
          <Button type="submit" variant="default" loading={change.isPending}>
            {m.account.changeEmail}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

/** Changes the password, which ends all other sessions. */
export function PasswordForm() {
  const change = useMutation({
    mutationFn: ({ password, next }: { password: string; next: string }) =>
      unwrap(
        api.POST("/api/auth/change-password", {
          body: { password, new_password: next, new_password_confirm: next },
        }),
      ),
    onSuccess: () => {
      reset();
      notifySuccess(m.account.passwordChanged);
    },
  });
  const { values, bind, reset } = useFields({ password: "", new_password: "" }, change.error);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ password: values.password, next: values.new_password });
      }}
    >
      <Stack>
        <Title order={2} size="h5">
          {m.auth.password}
        </Title>
        <ProblemAlert error={change.error} fields={["password", "new_password"]} />
        <CurrentPasswordInput {...bind("password")} />
        <NewPasswordInput {...bind("new_password")} />
        <Group>
          <Button type="submit" variant="default" loading={change.isPending}>
            {m.account.changePassword}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
