import { Stack } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Account } from "../../api/types";
import { useIdentityProviders } from "../identities/queries";
import { SecondFactors } from "../secondFactors/SecondFactors";
import { EmailForm, PasswordForm } from "./SecurityForms";
import { Sessions } from "./Sessions";

const LinkedIdentities = lazy(() => import("../identities/LinkedIdentities"));
const SecurityHistory = lazy(() => import("../audit/SecurityHistory"));

/** Address, password, second factors, identities, sessions and security history of an account. */
export default function SecuritySettings({ account }: { account: Account }) {
  const providers = useIdentityProviders();
  return (
    <Stack gap="xl">
      <EmailForm account={account} />
      <PasswordForm />
      <SecondFactors />
      {providers.length > 0 && (
        <Suspense fallback={null}>
          <LinkedIdentities providers={providers} />
        </Suspense>
      )}
      <Sessions />
      <Suspense>
        <SecurityHistory />
      </Suspense>
    </Stack>
  );
}
