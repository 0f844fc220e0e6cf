import { Box, Stack, Tabs, Title } from "@mantine/core";
import { lazy, Suspense } from "react";
import { useNavigate, useParams } from "react-router";

import { Loading } from "../../components/Loading";
import { usePageTitle } from "../../components/usePageTitle";
import { TabBar } from "../../components/TabBar";
import { m } from "../../i18n";
import { AvatarForm } from "./AvatarForm";
import { LeaveSection } from "./LeaveSection";
import { ProfileForm } from "./ProfileForm";
import { useAccount } from "./useAccount";

const ApiTokens = lazy(() => import("./ApiTokens"));
const CalendarFeeds = lazy(() => import("./CalendarFeeds"));
const NotificationSettings = lazy(() => import("./NotificationSettings"));
const SecuritySettings = lazy(() => import("./SecuritySettings"));

const TABS = ["profile", "security", "notifications", "calendars", "tokens"] as const;

/** The settings of the person's own account. */
export default function AccountPage() {
  usePageTitle(m.account.title);
  const { data: account } = useAccount();
  const params = useParams();
  const tab = TABS.find((name) => name === params.tab) ?? "profile";
  const navigate = useNavigate();
  if (!account) {
    return <Loading />;
  }
  return (
    <Stack p={{ base: "md", sm: "xl" }} maw={720}>
      <Title order={1} size="h2">
        {m.account.title}
      </Title>
      <Tabs
        value={tab}
        keepMounted={false}
        onChange={(value) => void navigate(`/account/${value ?? ""}`)}
      >
        <Box mb="lg">
          <TabBar names={TABS} labels={m.account.tabs} open={tab} />
        </Box>
        <Suspense fallback={<Loading />}>
          <Tabs.Panel value="profile">
            <Stack gap="xl">
              <AvatarForm account={account} />
              <ProfileForm account={account} />
              <LeaveSection />
            </Stack>
          </Tabs.Panel>
          <Tabs.Panel value="security">
            <SecuritySettings account={account} />
          </Tabs.Panel>
          <Tabs.Panel value="notifications">
            <NotificationSettings account={account} />
          </Tabs.Panel>
          <Tabs.Panel value="calendars">
            <CalendarFeeds />
          </Tabs.Panel>
          <Tabs.Panel value="tokens">
            <ApiTokens />
          </Tabs.Panel>
        </Suspense>
      </Tabs>
    </Stack>
  );
}
