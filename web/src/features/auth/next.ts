/** The page that a person wanted to see before the login: the parameter `next` of the address. */

/** Returns `next` if it is a path of this client, else the start page. */
export function readNext(search: URLSearchParams): string {
  const next = search.get("next") ?? "/";
  // `//host` and `/\host` would lead to another site.
  return /^\/(?![/\\])/.test(next) ? next : "/";
}

/** Returns `path` with the parameter `next`, unless that is the start page. */
export function withNext(path: string, next: string): string {
  return next === "/" ? path : `${path}?next=${encodeURIComponent(next)}`;
}
