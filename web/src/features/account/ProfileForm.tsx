import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";

import type { Account } from "../../api/types";
import { ProblemAlert } from "../../components/ProblemAlert";
import { useFields } from "../../components/useFields";
import { Select } from "../../components/Select";
import { changeLocale, type Locale, locale, LOCALES, m } from "../../i18n";
import { useUpdateProfile } from "./useUpdateProfile";

export function ProfileForm({ account }: { account: Account }) {
  const update = useUpdateProfile();
  const { username, display_name } = account;
  const { values, bind, forget } = useFields(
    { username, display_name },
    update.error,
    `profile-${account.id}`,
  );
  const [zone, setZone] = useState(account.time_zone);
  const zones = [...new Set(["UTC", account.time_zone, ...Intl.supportedValuesOf("timeZone")])];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        update.mutate({ ...values, time_zone: zone }, { onSuccess: forget });
      }}
    >
      <Stack>
        <ProblemAlert error={update.error} fields={["username", "display_name"]} />
        <TextInput
          label={m.account.displayName}
          maxLength={100}
          autoComplete="name"
          {...bind("display_name")}
        />
        <TextInput label={m.auth.username} required {...bind("username")} />
        <Select
          label={m.account.timeZone}
          description={m.account.timeZoneHint}
          data={zones}
          value={zone}
          searchable
          allowDeselect={false}
          limit={100}
          onChange={(value) => value && setZone(value)}
        />
        <Select
          label={m.account.language}
          data={Object.entries(LOCALES).map(([value, label]) => ({ value, label }))}
          value={locale}
          allowDeselect={false}
          onChange={(value) => value && changeLocale(value as Locale)}
        />
        <Group>
          <Button type="submit" loading={update.isPending}>
            {m.common.save}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
