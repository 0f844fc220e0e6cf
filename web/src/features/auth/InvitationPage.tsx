import { Anchor, Button, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useSearchParams } from "react-router";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { useSessionState } from "../../app/SessionGate";
import { Loading } from "../../components/Loading";
import { ProblemAlert } from "../../components/ProblemAlert";
import { m } from "../../i18n";
import { ReceivedInvitations } from "../projects/ReceivedInvitations";
import { AuthPage } from "./AuthPage";
import { withNext } from "./next";

/** The page of the link in an invitation: people without an account register first. */
export default function InvitationPage() {
  const token = useSearchParams()[0].get("token") ?? "";
  const here = `/invitation?token=${encodeURIComponent(token)}`;
  const state = useSessionState();
  if (state === "restoring") {
    return <Loading />;
  }
  if (state === "signed-out") {
    return (
      <AuthPage title={m.invitations.title} intro={m.invitations.signInFirst}>
        <Button component={Link} to={withNext("/register", here)}>
          {m.auth.createAccount}
        </Button>
        <Button component={Link} to={withNext("/login", here)} variant="default">
          {m.auth.logIn}
        </Button>
      </AuthPage>
    );
  }
  return <AcceptInvitation token={token} />;
}

function AcceptInvitation({ token }: { token: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const accept = useMutation({
    mutationFn: () => unwrap(api.POST("/api/invitations/accept", { body: { token } })),
    onSuccess: async ({ project }) => {
      await queries.invalidateQueries();
      await navigate(`/projects/${project}/board`);
    },
  });
  return (
    <AuthPage
      title={m.invitations.title}
      intro={m.invitations.acceptIntro}
      footer={
        <Anchor component={Link} to="/">
          {m.invitations.notNow}
        </Anchor>
      }
    >
      <ProblemAlert error={accept.error} />
      <Button loading={accept.isPending} onClick={() => accept.mutate()}>
        {m.invitations.accept}
      </Button>
      <Text size="sm" c="dimmed">
        {m.invitations.declineHint}
      </Text>
      <ReceivedInvitations />
    </AuthPage>
  );
}
