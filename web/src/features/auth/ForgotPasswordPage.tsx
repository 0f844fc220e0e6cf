import { Anchor, Button, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";

import { unwrap } from "../../api/problems";
import { publicApi } from "../../api/session";
import { EmailInput } from "../../components/AccountInputs";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { AuthPage } from "./AuthPage";

export default function ForgotPasswordPage() {
  const request = useMutation({
    mutationFn: (email: string) =>
      unwrap(publicApi.POST("/api/auth/forgot-password", { body: { email } })),
  });
  const { values, bind } = useFields({ email: "" }, request.error);
  return (
    <AuthPage
      title={m.auth.forgotPassword}
      footer={
        <Anchor component={Link} to="/login">
          {m.auth.backToLogin}
        </Anchor>
      }
    >
      {request.isSuccess ? (
        <Text role="status">{m.auth.resetSent(values.email)}</Text>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            request.mutate(values.email);
          }}
        >
          <Stack>
            <Text size="sm">{m.auth.forgotIntro}</Text>
            <ProblemAlert error={request.error} fields={["email"]} />
            <EmailInput {...bind("email")} />
            <Button type="submit" loading={request.isPending}>
              {m.auth.sendLink}
            </Button>
          </Stack>
        </form>
      )}
    </AuthPage>
  );
}
