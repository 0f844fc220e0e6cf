import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import type { Plugin, Rollup } from "vite";

const LAYOUT = "src/app/Layout.tsx";
const PROJECT = [LAYOUT, "src/features/projects/ProjectLayout.tsx"];

/** The script of index.html that is not in the bundle. */
const COLOR_SCHEME = "color-scheme.js";

/** For each page, the modules that src/app/Routes.tsx loads to show it. */
const PAGES: Record<string, string[]> = {
  login: ["src/features/auth/LoginPage.tsx"],
  register: ["src/features/auth/RegisterPage.tsx"],
  reset: ["src/features/auth/ResetPasswordPage.tsx"],
  verify: ["src/features/auth/ConfirmAddressPage.tsx"],
  invitation: ["src/features/auth/InvitationPage.tsx"],
  projects: [LAYOUT, "src/features/projects/ProjectsPage.tsx"],
  import: [LAYOUT, "src/features/imports/ImportPage.tsx"],
  "my tasks": [LAYOUT, "src/features/list/MyTasksPage.tsx"],
  notifications: [LAYOUT, "src/features/notifications/NotificationsPage.tsx"],
  task: [LAYOUT, "src/features/task/TaskPage.tsx"],
  account: [LAYOUT, "src/features/account/AccountPage.tsx"],
  staff: [LAYOUT, "src/features/staff/StaffPage.tsx"],
  board: [...PROJECT, "src/features/board/BoardPage.tsx"],
  list: [...PROJECT, "src/features/list/ListPage.tsx"],
  calendar: [...PROJECT, "src/features/calendar/CalendarPage.tsx"],
  statistics: [...PROJECT, "src/features/statistics/StatisticsPage.tsx"],
  members: [...PROJECT, "src/features/projects/MembersPage.tsx"],
  trash: [...PROJECT, "src/features/projects/TrashPage.tsx"],
  settings: [...PROJECT, "src/features/projects/SettingsPage.tsx"],
};

/** What pages or modules load when they are shown already, below or beside what they are for. */
const LATER: Partial<Record<string, string[]>> = {
  [LAYOUT]: ["src/app/storeChanges.ts"],
  "src/features/projects/ProjectLayout.tsx": ["src/features/live/LiveChanges.tsx"],
  settings: ["src/features/webhooks/WebhookSettings.tsx", "src/features/audit/ProjectAudit.tsx"],
  statistics: ["src/features/statistics/charts.tsx"],
  task: ["src/features/task/TaskExtras.tsx", "src/features/live/LiveChanges.tsx"],
};

/**
 * Writes `.vite/first-load.json`: for each page the JavaScript files that it needs until it is shown
 * and usable, their size after gzip in bytes, and the files that it loads `later`. Code that an action
 * of the person loads, such as opening a dialog, is not in it.
 */
export function measureFirstLoad(): Plugin {
  return {
    name: "measure-first-load",
    apply: "build",
    writeBundle({ dir = "" }, bundle) {
      const chunks = Object.values(bundle).filter((file) => file.type === "chunk");
      const pages = Object.entries(PAGES).map(([page, modules]) => {
        const first = ["index.html", ...modules].map((module) => findChunk(chunks, module));
        const files = [...collectImports(first, bundle)];
        const scripts = [readFileSync(join(dir, COLOR_SCHEME)), ...files.map(({ code }) => code)];
        const gzip = scripts.reduce((sum, script) => sum + gzipSync(script).length, 0);
        const names = [COLOR_SCHEME, ...files.map(({ fileName }) => fileName)];
        const rest = [page, ...modules]
          .flatMap((name) => LATER[name] ?? [])
          .map((module) => findChunk(chunks, module));
        const later = [...collectImports(rest, bundle)].map(({ fileName }) => fileName);
        return [page, { gzip, files: names.sort(), later: later.sort() }] as const;
      });
      mkdirSync(join(dir, ".vite"));
      const target = join(dir, ".vite", "first-load.json");
      writeFileSync(target, JSON.stringify(Object.fromEntries(pages), null, 2));
    },
  };
}

function findChunk(chunks: Rollup.OutputChunk[], module: string): Rollup.OutputChunk {
  const chunk = chunks.find(({ moduleIds }) => moduleIds.some((id) => id.endsWith(`/${module}`)));
  if (!chunk) {
    throw new Error(`${module} is in no chunk; correct scripts/first-load.ts`);
  }
  return chunk;
}

function collectImports(
  first: Rollup.OutputChunk[],
  bundle: Rollup.OutputBundle,
): Set<Rollup.OutputChunk> {
  const found = new Set(first);
  for (const { imports } of found) {
    for (const name of imports) {
      const file = bundle[name];
      if (file?.type === "chunk") {
        found.add(file);
      }
    }
  }
  return found;
}
