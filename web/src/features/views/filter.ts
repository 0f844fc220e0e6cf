/** Filters of tasks in the address and in saved views. */
import type { TaskFilter, View } from "../../api/types";

type Name = Exclude<keyof TaskFilter, "project">;

/** How the value of a filter is written in an address: values with commas between them, or a text. */
const KINDS: Record<Name, "list" | "flag" | "text"> = {
  q: "text",
  status: "list",
  priority: "list",
  assigned_to: "list",
  created_by: "list",
  label: "list",
  label_all: "list",
  parent: "text",
  due: "list",
  due_before: "text",
  due_after: "text",
  start_before: "text",
  start_after: "text",
  updated_since: "text",
  overdue: "flag",
  blocked: "flag",
};
const NAMES = Object.keys(KINDS) as Name[];

/** Returns the filters in an address, without those of other parts of the page and empty ones. */
export function readFilter(search: URLSearchParams): TaskFilter {
  const entries = NAMES.map((name) => [name, search.get(name)] as const)
    .filter(([, text]) => text)
    .map(([name, text]) => {
      const values = { list: text?.split(","), flag: text === "true", text };
      return [name, values[KINDS[name]]];
    });
  return Object.fromEntries(entries) as TaskFilter;
}

/** Returns the parameters of an address that show a view. */
export function writeView({ filter, ordering }: Pick<View, "filter" | "ordering">) {
  const entries = NAMES.map((name) => [name, filter[name]] as const)
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => [name, String(value)]);
  return { ordering, ...(Object.fromEntries(entries) as Record<string, string>) };
}

/**
 * Returns an address with the parameters of a view filled in. Parameters of the address replace
 * those of the view, and empty ones remove them.
 */
export function resolveSearch(search: URLSearchParams, view: View | undefined): URLSearchParams {
  const resolved = new URLSearchParams({
    ...(view && writeView(view)),
    ...Object.fromEntries(search),
  });
  [...resolved].filter(([, value]) => value === "").forEach(([name]) => resolved.delete(name));
  return resolved;
}

/** Returns what an address says for a change of a filter: null is to leave it to the view. */
export function overrideView(
  changes: Record<string, string | null>,
  view: View | undefined,
): Record<string, string | null> {
  const fromView: Record<string, string> = view ? writeView(view) : {};
  return Object.fromEntries(
    Object.entries(changes).map(([name, value]) => {
      const isSame = (fromView[name] ?? "") === (value ?? "");
      return [name, isSame ? null : (value ?? "")];
    }),
  );
}

/** Returns the address without filters and order. */
export function withoutFilters(search: URLSearchParams): URLSearchParams {
  const after = new URLSearchParams(search);
  [...NAMES, "ordering"].forEach((name) => after.delete(name));
  return after;
}

/** Whether an address changes the filter or the order of its view. */
export function hasOverrides(search: URLSearchParams): boolean {
  return withoutFilters(search).size < search.size;
}
