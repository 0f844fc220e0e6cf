import { ApiProblem } from "../api/problems";
import { m } from "../i18n";

/**
 * Returns a text for a failed request, or null when there is none or when only `fields` are invalid,
 * which show their messages themselves.
 */
export function describeProblem(error: unknown, fields: string[] = []): string | null {
  if (!error) {
    return null;
  }
  if (!(error instanceof ApiProblem)) {
    return m.problems.unexpected;
  }
  const invalid = Object.entries(error.fields);
  if (invalid.length > 0) {
    const others = invalid.filter(([name]) => !fields.includes(name));
    if (others.length === 0) {
      return null;
    }
    const known = m.problems.codes[error.code];
    return known ?? others.map(([name, message]) => `${name}: ${message}`).join("\n");
  }
  return m.problems.codes[error.code] ?? (error.message || m.problems.unexpected);
}
