import { type ComponentType, lazy, Suspense } from "react";
import { Navigate, type RouteObject, useRoutes } from "react-router";

import { Loading } from "../components/Loading";
import { NotFoundPage } from "./ErrorPages";
import { SessionGate } from "./SessionGate";

type Load = () => Promise<{ default: ComponentType }>;

/** Returns an element whose code is loaded when it is shown first. */
function page(load: Load) {
  const Page = lazy(load);
  return (
    <Suspense fallback={<Loading />}>
      <Page />
    </Suspense>
  );
}

const confirmation = () => import("../features/auth/ConfirmAddressPage");

const ROUTES: RouteObject[] = [
  {
    children: [
      { path: "/login", element: page(() => import("../features/auth/LoginPage")) },
      { path: "/register", element: page(() => import("../features/auth/RegisterPage")) },
      {
        path: "/forgot-password",
        element: page(() => import("../features/auth/ForgotPasswordPage")),
      },
      { path: "/reset", element: page(() => import("../features/auth/ResetPasswordPage")) },
      {
        path: "/verify",
        element: page(() => confirmation().then(({ VerifyPage }) => ({ default: VerifyPage }))),
      },
      {
        path: "/new-email",
        element: page(() => confirmation().then(({ NewEmailPage }) => ({ default: NewEmailPage }))),
      },
      {
        path: "/sign-in/:provider",
        element: page(() => import("../features/identities/SignInPage")),
      },
      { path: "/invitation", element: page(() => import("../features/auth/InvitationPage")) },
      {
        element: <SessionGate />,
        children: [
          {
            element: page(() => import("./Layout").then(({ Layout }) => ({ default: Layout }))),
            children: [
              { path: "/", element: page(() => import("../features/projects/ProjectsPage")) },
              { path: "/import", element: page(() => import("../features/imports/ImportPage")) },
              { path: "/tasks", element: page(() => import("../features/list/MyTasksPage")) },
              {
                path: "/notifications",
                element: page(() => import("../features/notifications/NotificationsPage")),
              },
              { path: "/tasks/:taskId", element: page(() => import("../features/task/TaskPage")) },
              {
                path: "/account/:tab?",
                element: page(() => import("../features/account/AccountPage")),
              },
              { path: "/staff/:tab?", element: page(() => import("../features/staff/StaffPage")) },
              {
                path: "/projects/:projectId",
                element: page(() => import("../features/projects/ProjectLayout")),
                children: [
                  { index: true, element: <Navigate to="board" replace /> },
                  { path: "board", element: page(() => import("../features/board/BoardPage")) },
                  { path: "list", element: page(() => import("../features/list/ListPage")) },
                  {
                    path: "calendar",
                    element: page(() => import("../features/calendar/CalendarPage")),
                  },
                  {
                    path: "statistics",
                    element: page(() => import("../features/statistics/StatisticsPage")),
                  },
                  {
                    path: "members",
                    element: page(() => import("../features/projects/MembersPage")),
                  },
                  { path: "trash", element: page(() => import("../features/projects/TrashPage")) },
                  {
                    path: "settings",
                    element: page(() => import("../features/projects/SettingsPage")),
                  },
                  {
                    path: "reports/:reportId",
                    element: page(() => import("../features/statistics/ReportPage")),
                  },
                ],
              },
            ],
          },
        ],
      },
      { path: "*", element: <NotFoundPage /> },
    ],
  },
];

/** Shows the page of the address. */
export function Routes() {
  return useRoutes(ROUTES);
}
