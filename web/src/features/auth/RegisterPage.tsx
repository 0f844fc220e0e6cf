import { Anchor, Button, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { unwrap } from "../../api/problems";
import { publicApi } from "../../api/session";
import { EmailInput, NewPasswordInput } from "../../components/AccountInputs";
import { notifySuccess } from "../../components/notify";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { AuthPage } from "./AuthPage";
import { readNext, withNext } from "./next";

export default function RegisterPage() {
  const [search] = useSearchParams();
  const login = withNext("/login", readNext(search));
  const register = useMutation({
    mutationFn: (body: { username: string; email: string; password: string }) =>
      unwrap(
        publicApi.POST("/api/auth/register", {
          body: { ...body, password_confirm: body.password },
        }),
      ),
  });
  const { values, bind } = useFields({ username: "", email: "", password: "" }, register.error);

  if (register.isSuccess) {
    return <CheckInbox email={values.email} login={login} />;
  }
  return (
    <AuthPage
      title={m.auth.createAccount}
      footer={
        <>
          {m.auth.hasAccount}{" "}
          <Anchor component={Link} underline="always" to={login}>
            {m.auth.logIn}
          </Anchor>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          register.mutate(values);
        }}
      >
        <Stack>
          <ProblemAlert error={register.error} fields={["username", "email", "password"]} />
          <TextInput
            label={m.auth.username}
            description={m.auth.usernameHint}
            autoComplete="nickname"
            required
            minLength={3}
            maxLength={50}
            {...bind("username")}
          />
          <EmailInput {...bind("email")} />
          <NewPasswordInput label={m.auth.password} {...bind("password")} />
          <Button type="submit" loading={register.isPending}>
            {m.auth.createAccount}
          </Button>
        </Stack>
      </form>
    </AuthPage>
  );
}

function CheckInbox({ email, login }: { email: string; login: string }) {
  const resend = useMutation({
    mutationFn: () => unwrap(publicApi.POST("/api/auth/resend-verification", { body: { email } })),
    onSuccess: () => notifySuccess(m.auth.linkSent),
  });
  return (
    <AuthPage title={m.auth.checkInbox}>
      <ProblemAlert error={resend.error} />
      <Text>{m.auth.verificationSent(email)}</Text>
      <Button component={Link} to={login}>
        {m.auth.logIn}
      </Button>
      <Button variant="subtle" loading={resend.isPending} onClick={() => resend.mutate()}>
        {m.auth.sendAgain}
      </Button>
    </AuthPage>
  );
}
