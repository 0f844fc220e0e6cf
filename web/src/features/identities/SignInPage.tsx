import { Anchor } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useState } from "react";
import { Link, Navigate, useNavigate, useParams } from "react-router";

import { api } from "../../api/client";
import { ApiProblem, unwrap } from "../../api/problems";
import { signInWithProvider } from "../../api/session";
import { useSessionState } from "../../app/SessionGate";
import { Loading } from "../../components/Loading";
import { notifySuccess } from "../../components/notify";
import { m } from "../../i18n";
import { AuthPage } from "../auth/AuthPage";
import {
  type AuthorizationResponse,
  type Purpose,
  readResponse,
  readPurpose,
} from "./authorization";
import { identitiesKey } from "./queries";
import { SignInProblem } from "./SignInProblem";
import { texts } from "./texts";

const SecondStep = lazy(() => import("../secondFactors/SecondStep"));

const ACCOUNT = "/account/security";

async function complete(response: AuthorizationResponse, purpose: Purpose): Promise<true> {
  await (purpose.kind === "link"
    ? unwrap(api.POST("/api/auth/identities", { body: response }))
    : unwrap(signInWithProvider(response)));
  return true;
}

/** The page to which identity providers redirect: it signs in, or links an identity. */
export default function SignInPage() {
  const { provider = "" } = useParams();
  const [purpose] = useState(readPurpose);
  const [response] = useState(() => readResponse(provider, new URLSearchParams(location.search)));
  const queries = useQueryClient();
  // A query, not a mutation: a response is valid for one request, however often the page is rendered.
  const { error, isSuccess } = useQuery({
    queryKey: ["authorization", response?.state],
    queryFn: () => (response ? complete(response, purpose) : null),
    enabled: response !== null,
    staleTime: Infinity,
    retry: false,
    refetchInterval: false,
  });
  // The code belongs neither into the history nor into what somebody copies from the address bar.
  useEffect(() => history.replaceState(history.state, "", location.pathname), []);
  useEffect(() => {
    if (isSuccess && purpose.kind === "link") {
      notifySuccess(texts.linked);
      void queries.invalidateQueries({ queryKey: identitiesKey });
    }
  }, [isSuccess, purpose, queries]);

  const isSignedIn = useSessionState() === "signed-in";
  const navigate = useNavigate();
  const step = error instanceof ApiProblem ? error.secondStep : undefined;
  if (isSuccess || (step !== undefined && isSignedIn)) {
    return <Navigate to={purpose.kind === "link" ? ACCOUNT : purpose.next} replace />;
  }
  if (step !== undefined) {
    return (
      <AuthPage title={m.auth.secondStep}>
        <Suspense fallback={<Loading />}>
          <SecondStep {...step} onBack={() => void navigate("/login")} />
        </Suspense>
      </AuthPage>
    );
  }
  if (response !== null && error === null) {
    return (
      <AuthPage title={texts.signingIn}>
        <Loading />
      </AuthPage>
    );
  }
  return (
    <AuthPage title={texts.failed} {...(response === null ? { intro: texts.canceled } : {})}>
      <SignInProblem error={error} />
      <Anchor component={Link} to={purpose.kind === "link" ? ACCOUNT : "/login"}>
        {purpose.kind === "link" ? texts.backToAccount : m.auth.backToLogin}
      </Anchor>
    </AuthPage>
  );
}
