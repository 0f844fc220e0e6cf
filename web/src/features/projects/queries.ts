/** What the client reads of projects. */
import { useQuery } from "@tanstack/react-query";

import { api } from "../../api/client";
import { unwrap } from "../../api/problems";
import { readAllPages } from "../../api/queries";
import type { Member, Role } from "../../api/types";

const PAGE = 100;

export const projectsKey = ["projects"] as const;
export const projectKey = (id: string) => ["projects", id] as const;
export const labelsKey = (id: string) => ["projects", id, "labels"] as const;
export const invitationsKey = (id: string) => ["projects", id, "invitations"] as const;
export const receivedKey = ["received-invitations"] as const;

/** Reads all projects of the person, also the archived ones. */
export function useProjects() {
  return useQuery({
    queryKey: projectsKey,
    queryFn: () =>
      readAllPages((cursor) =>
        unwrap(api.GET("/api/projects", { params: { query: { limit: PAGE, cursor } } })),
      ),
  });
}

/** Reads a project with its members. */
export function useProject(id: string) {
  return useQuery({
    queryKey: projectKey(id),
    queryFn: () =>
      unwrap(api.GET("/api/projects/{project_id}", { params: { path: { project_id: id } } })),
  });
}

export function useLabels(projectId: string) {
  return useQuery({
    queryKey: labelsKey(projectId),
    queryFn: () =>
      readAllPages((cursor) =>
        unwrap(
          api.GET("/api/projects/{project_id}/labels", {
            params: { path: { project_id: projectId }, query: { limit: PAGE, cursor } },
          }),
        ),
      ),
    staleTime: 60_000,
  });
}

export function usePendingInvitations(projectId: string, isEnabled: boolean) {
  return useQuery({
    queryKey: invitationsKey(projectId),
    enabled: isEnabled,
    queryFn: () =>
      readAllPages((cursor) =>
        unwrap(
          api.GET("/api/projects/{project_id}/invitations", {
            params: { path: { project_id: projectId }, query: { limit: PAGE, cursor } },
          }),
        ),
      ),
  });
}

/** Reads the invitations of the person's own address. */
export function useReceivedInvitations() {
  return useQuery({
    queryKey: receivedKey,
    queryFn: () => unwrap(api.GET("/api/invitations")),
    staleTime: 60_000,
  });
}

export function getName(member: Pick<Member, "display_name" | "username">): string {
  return member.display_name || member.username;
}

export function isManager(role: Role): boolean {
  return role === "owner" || role === "admin";
}

export function canWrite(project: { my_role: Role; archived_at: string | null }): boolean {
  return project.my_role !== "viewer" && project.archived_at === null;
}
