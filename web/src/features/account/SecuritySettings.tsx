import { Stack } from "@mantine/core";
import { lazy, Suspense } from "react";

import type { Account } from "../../api/types";
import { useIdentityProviders } from "../identities/queries";
import { EmailForm, PasswordForm } from "./SecurityForms";
import { Sessions } from "./Sessions";

const LinkedIdentities = lazy(() => import("../identities/LinkedIdentities"));

/** Address, password, identities and sessions of the person's account. */
export default function SecuritySettings({ account }: { account: Account }) {
  const providers = useIdentityProviders();
  return (
    <Stack gap="xl">
      <EmailForm account={account} />
      <PasswordForm />
      {providers.length > 0 && (
        <Suspense fallback={null}>
          <LinkedIdentities providers={providers} />
        </Suspense>
      )}
      <Sessions />
    </Stack>
  );
}
