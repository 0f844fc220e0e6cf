import { Menu, useComputedColorScheme, useMantineColorScheme } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSettings,
  IconSun,
  IconUsers,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { Link } from "react-router";

import { api } from "../api/client";
import { unwrap } from "../api/problems";
import { forgetAccount, hasUnsaved } from "../api/unsaved";
import { notifyProblem } from "../components/notify";
import { onDemand } from "../components/onDemand";
import { useOpenOnMount } from "../components/useOpenOnMount";
import { useAccount } from "../features/account/useAccount";
import { m } from "../i18n";
import { AccountButton } from "./AccountButton";
import { showShortcuts } from "./showShortcuts";

const LogOutDialog = onDemand(() => import("./LogOutDialog"));

/** The menu of the person who is logged in. It opens as soon as it is there. */
export default function AccountMenu() {
  const { data: account } = useAccount();
  const { setColorScheme } = useMantineColorScheme();
  const { isOpen, setOpen, button } = useOpenOnMount<HTMLButtonElement>();
  const [isAsking, { open: ask, close: stopAsking }] = useDisclosure();
  const logOut = useMutation({
    mutationFn: () => unwrap(api.POST("/api/auth/logout")),
    onSuccess: forgetAccount,
    onError: notifyProblem,
  });
  // The person may have left the choice to the device.
  const isDark = useComputedColorScheme("light", { getInitialValueInEffect: false }) === "dark";
  return (
    <>
      <Menu
        opened={isOpen}
        onChange={setOpen}
        position="top-start"
        width={230}
        withinPortal={false}
        withInitialFocusPlaceholder={false}
      >
        <Menu.Target>
          <AccountButton ref={button} />
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to="/account" leftSection={<IconSettings size={16} />}>
            {m.account.title}
          </Menu.Item>
          {account?.is_staff && (
            <Menu.Item component={Link} to="/staff" leftSection={<IconUsers size={16} />}>
              {m.staff.title}
            </Menu.Item>
          )}
          <Menu.Item
            leftSection={isDark ? <IconSun size={16} /> : <IconMoon size={16} />}
            onClick={() => setColorScheme(isDark ? "light" : "dark")}
          >
            {isDark ? m.navigation.lightMode : m.navigation.darkMode}
          </Menu.Item>
          <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={showShortcuts}>
            {m.shortcuts.title}
          </Menu.Item>
          <Menu.Divider />
          <Menu.Item
            leftSection={<IconLogout size={16} />}
            onClick={() => (hasUnsaved() ? ask() : logOut.mutate())}
          >
            {m.auth.logOut}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <LogOutDialog
        isOpen={isAsking}
        isPending={logOut.isPending}
        onClose={stopAsking}
        onConfirm={() => logOut.mutate()}
      />
    </>
  );
}
