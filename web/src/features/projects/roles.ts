import { m } from "../../i18n";

/** The roles that a manager can give. */
export type GivenRole = "admin" | "member" | "viewer";

export function listRoles(): { value: GivenRole; label: string }[] {
  return (["admin", "member", "viewer"] as const).map((value) => ({
    value,
    label: m.roles[value],
  }));
}
