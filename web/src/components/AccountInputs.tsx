import {
  PasswordInput,
  type PasswordInputProps,
  TextInput,
  type TextInputProps,
} from "@mantine/core";

import { m } from "../i18n";

/** The address of an account, which password managers store as its user name. */
export function EmailInput(props: TextInputProps) {
  return (
    <TextInput label={m.auth.email} type="email" autoComplete="username" required {...props} />
  );
}

/** The password that an account has now. */
export function CurrentPasswordInput(props: PasswordInputProps) {
  return (
    <PasswordInput
      label={m.account.currentPassword}
      autoComplete="current-password"
      required
      {...props}
    />
  );
}

/** A password that an account is to have. */
export function NewPasswordInput(props: PasswordInputProps) {
  return (
    <PasswordInput
      label={m.auth.newPassword}
      description={m.auth.passwordHint}
      autoComplete="new-password"
      required
      minLength={8}
      {...props}
    />
  );
}
