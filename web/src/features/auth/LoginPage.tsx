import { Anchor, Button, Group, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { Link, Navigate, useSearchParams } from "react-router";

import { ApiProblem, unwrap } from "../../api/problems";
import { logIn } from "../../api/session";
import { useSessionState } from "../../app/SessionGate";
import { CurrentPasswordInput, EmailInput } from "../../components/AccountInputs";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { m } from "../../i18n";
import { useIdentityProviders } from "../identities/queries";
import { AuthPage } from "./AuthPage";
import { readNext, withNext } from "./next";

const SecondStep = lazy(() => import("../secondFactors/SecondStep"));
const SignInButtons = lazy(() => import("../identities/SignInButtons"));

export default function LoginPage() {
  const [search] = useSearchParams();
  const next = readNext(search);
  const state = useSessionState();
  const providers = useIdentityProviders();
  const login = useMutation({
    mutationFn: ({ email, password }: { email: string; password: string }) =>
      unwrap(logIn(email, password)),
  });
  const { values, bind } = useFields({ email: "", password: "" }, login.error);

  if (state === "signed-in") {
    return <Navigate to={next} replace />;
  }
  const step = login.error instanceof ApiProblem ? login.error.secondStep : undefined;
  if (step !== undefined) {
    return (
      <AuthPage title={m.auth.secondStep}>
        <Suspense fallback={<Loading />}>
          <SecondStep {...step} onBack={login.reset} />
        </Suspense>
      </AuthPage>
    );
  }
  return (
    <AuthPage
      title={m.auth.logIn}
      footer={
        <>
          {m.auth.noAccount}{" "}
          <Anchor component={Link} underline="always" to={withNext("/register", next)}>
            {m.auth.createAccount}
          </Anchor>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          login.mutate(values);
        }}
      >
        <Stack>
          <ProblemAlert error={login.error} fields={["email", "password"]} />
          <EmailInput {...bind("email")} />
          <CurrentPasswordInput label={m.auth.password} {...bind("password")} />
          <Group justify="flex-end">
            <Anchor component={Link} to="/forgot-password" size="sm">
              {m.auth.forgotPassword}
            </Anchor>
          </Group>
          <Button type="submit" loading={login.isPending}>
            {m.auth.logIn}
          </Button>
        </Stack>
      </form>
      {providers.length > 0 && (
        <Suspense fallback={null}>
          <SignInButtons providers={providers} next={next} />
        </Suspense>
      )}
    </AuthPage>
  );
}
