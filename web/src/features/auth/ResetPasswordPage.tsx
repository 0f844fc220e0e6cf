import { Anchor, Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { isProblem, unwrap } from "../../api/problems";
import { publicApi } from "../../api/session";
import { NewPasswordInput } from "../../components/AccountInputs";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { AuthPage } from "./AuthPage";

export default function ResetPasswordPage() {
  const token = useSearchParams()[0].get("token") ?? "";
  const reset = useMutation({
    mutationFn: (password: string) =>
      unwrap(
        publicApi.POST("/api/auth/reset-password", {
          body: { token, password, password_confirm: password },
        }),
      ),
  });
  const { values, bind } = useFields({ password: "" }, reset.error);
  if (reset.isSuccess) {
    return (
      <AuthPage title={m.auth.newPassword}>
        <Text role="status">{m.auth.passwordChanged}</Text>
        <Button component={Link} to="/login">
          {m.auth.logIn}
        </Button>
      </AuthPage>
    );
  }
  return (
    <AuthPage title={m.auth.newPassword}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          reset.mutate(values.password);
        }}
      >
        <Stack>
          <ProblemAlert error={reset.error} fields={["password"]} />
          {isProblem(reset.error, "invalid_token") && (
            <Anchor component={Link} to="/forgot-password">
              {m.auth.requestNewLink}
            </Anchor>
          )}
          <NewPasswordInput {...bind("password")} />
          <Button type="submit" loading={reset.isPending}>
            {m.auth.savePassword}
          </Button>
        </Stack>
      </form>
    </AuthPage>
  );
}
