import { Alert, Box, Stack, Tabs, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useNavigate, useParams } from "react-router";

import { Loading } from "../../components/Loading";
import { usePageTitle } from "../../components/usePageTitle";
import { TabBar } from "../../components/TabBar";
import { m } from "../../i18n";
import { useAccount } from "../account/useAccount";
import { Accounts } from "./Accounts";
import { DeadLetters } from "./DeadLetters";
import { Mails } from "./Mails";
import { texts } from "./texts";

const StaffAudit = lazy(() => import("../audit/StaffAudit"));

const TABS = ["accounts", "mails", "dead-letters", "audit"] as const;

/** What the staff of the site sees and does: accounts, mails, what functions gave up on, and the audit log. */
export default function StaffPage() {
  usePageTitle(m.staff.title);
  const { data: account } = useAccount();
  if (!account) {
    return <Loading />;
  }
  return (
    <Stack p={{ base: "md", sm: "xl" }} maw={1000}>
      <Title order={1} size="h2">
        {m.staff.title}
      </Title>
      {account.is_staff ? <StaffTabs /> : <Alert color="red">{texts.onlyStaff}</Alert>}
    </Stack>
  );
}

function StaffTabs() {
  const params = useParams();
  const tab = TABS.find((name) => name === params.tab) ?? "accounts";
  const navigate = useNavigate();
  return (
    <Tabs
      value={tab}
      keepMounted={false}
      onChange={(value) => void navigate(`/staff/${value ?? ""}`)}
    >
      <Box mb="lg">
        <TabBar names={TABS} labels={texts.tabs} open={tab} />
      </Box>
      <Tabs.Panel value="accounts">
        <Accounts />
      </Tabs.Panel>
      <Tabs.Panel value="mails">
        <Mails />
      </Tabs.Panel>
      <Tabs.Panel value="dead-letters">
        <DeadLetters />
      </Tabs.Panel>
      <Tabs.Panel value="audit">
        <Suspense fallback={<Loading />}>
          <StaffAudit />
        </Suspense>
      </Tabs.Panel>
    </Tabs>
  );
}
