import { Stack } from "@mantine/core";

import type { Account } from "../../api/types";
import { EmailForm, PasswordForm } from "./SecurityForms";
import { Sessions } from "./Sessions";

/** Address, password and sessions of the person's account. */
export default function SecuritySettings({ account }: { account: Account }) {
  return (
    <Stack gap="xl">
      <EmailForm account={account} />
      <PasswordForm />
      <Sessions />
    </Stack>
  );
}
