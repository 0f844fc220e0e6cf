import { Center, Loader } from "@mantine/core";
import { useSyncExternalStore } from "react";
import { Navigate, Outlet, useLocation } from "react-router";

import { getSessionState, subscribeToSession } from "../api/session";
import { m } from "../i18n";

export function useSessionState() {
  return useSyncExternalStore(subscribeToSession, getSessionState);
}

/** Shows its routes to people with a session, and the login page to others. */
export function SessionGate() {
  const state = useSessionState();
  const { pathname, search } = useLocation();
  if (state === "restoring") {
    return (
      <Center h="100vh">
        <Loader role="progressbar" aria-label={m.common.loading} />
      </Center>
    );
  }
  if (state === "signed-out") {
    const next = encodeURIComponent(pathname + search);
    return <Navigate to={pathname === "/" ? "/login" : `/login?next=${next}`} replace />;
  }
  return <Outlet />;
}
