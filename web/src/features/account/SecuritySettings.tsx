import { Stack } from "@mantine/core";

import type { Account } from "../../api/types";
import { SecondFactors } from "../secondFactors/SecondFactors";
import { EmailForm, PasswordForm } from "./SecurityForms";
import { Sessions } from "./Sessions";

/** Address, password, second factors and sessions of the person's account. */
export default function SecuritySettings({ account }: { account: Account }) {
  return (
    <Stack gap="xl">
      <EmailForm account={account} />
      <PasswordForm />
      <SecondFactors />
      <Sessions />
    </Stack>
  );
}
