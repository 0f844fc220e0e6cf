import "@mantine/core/styles.css";
import "@mantine/notifications/styles.css";
import "./app/global.css";

import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";

import { queryClient } from "./api/queries";
import {
  followOtherTabs,
  getSessionState,
  restoreSession,
  subscribeToSession,
} from "./api/session";
import { ErrorBoundary } from "./app/ErrorBoundary";
import { NotificationsOnDemand } from "./app/NotificationsOnDemand";
import { Routes } from "./app/Routes";
import { buildTheme, resolveColors } from "./app/theme";
import { loadMessages } from "./i18n";

subscribeToSession(() => {
  if (getSessionState() === "signed-out") {
    queryClient.clear();
  }
});

async function start(): Promise<void> {
  const root = document.getElementById("root");
  if (root === null) {
    throw new Error("index.html has no #root");
  }
  followOtherTabs();
  void restoreSession();
  await loadMessages();
  const theme = buildTheme();
  createRoot(root).render(
    <StrictMode>
      <MantineProvider theme={theme} cssVariablesResolver={resolveColors} defaultColorScheme="auto">
        <QueryClientProvider client={queryClient}>
          <NotificationsOnDemand />
          <ErrorBoundary>
            <BrowserRouter>
              <Routes />
            </BrowserRouter>
          </ErrorBoundary>
        </QueryClientProvider>
      </MantineProvider>
    </StrictMode>,
  );
}

void start();
