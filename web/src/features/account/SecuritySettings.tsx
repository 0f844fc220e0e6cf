import { Stack } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Account } from "../../api/types";
import { SecondFactors } from "../secondFactors/SecondFactors";
import { EmailForm, PasswordForm } from "./SecurityForms";
import { Sessions } from "./Sessions";

const SecurityHistory = lazy(() => import("../audit/SecurityHistory"));

/** Address, password, second factors, sessions and security history of the person's account. */
export default function SecuritySettings({ account }: { account: Account }) {
  return (
    <Stack gap="xl">
      <EmailForm account={account} />
      <PasswordForm />
      <SecondFactors />
      <Sessions />
      <Suspense>
        <SecurityHistory />
      </Suspense>
    </Stack>
  );
}
