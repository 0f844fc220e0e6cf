import { Box, Burger } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { Suspense, useEffect } from "react";
import { Outlet, useLocation } from "react-router";

import { Loading } from "../components/Loading";
import { Logo } from "../components/Logo";
import { m } from "../i18n";
import { TaskDialogs } from "../features/task/TaskDialogs";
import { ConnectionBanner } from "./ConnectionBanner";
import { InboxLink } from "./InboxLink";
import classes from "./Layout.module.css";
import { Navigation } from "./Navigation";
import { Shortcuts } from "./Shortcuts";
import { StepUpOnDemand } from "./StepUpOnDemand";
import { UserMenu } from "./UserMenu";

/** The frame of all pages for people with a session. On small screens the links are behind a button. */
export function Layout() {
  const [isOpen, { toggle, close }] = useDisclosure();
  const { pathname } = useLocation();
  useEffect(close, [pathname, close]);
  useEffect(() => {
    const storing = import("./storeChanges").then(({ storeChanges }) => storeChanges());
    return () => void storing.then((stop) => stop());
  }, []);
  return (
    <div className={classes.frame}>
      <header className={classes.header}>
        <Burger opened={isOpen} onClick={toggle} size="sm" aria-label={m.navigation.menu} />
        <Logo />
        <Box ml="auto">
          <InboxLink isSmall />
        </Box>
      </header>
      <nav
        className={classes.navbar}
        data-open={isOpen || undefined}
        aria-label={m.navigation.main}
      >
        <Box visibleFrom="sm" px={6} pt={4} pb="md">
          <Logo />
        </Box>
        <div className={classes.links}>
          <Navigation />
        </div>
        <Box pt="xs">
          <UserMenu />
        </Box>
      </nav>
      <main className={classes.main}>
        <ConnectionBanner />
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <Shortcuts />
      <TaskDialogs />
      <StepUpOnDemand />
    </div>
  );
}
