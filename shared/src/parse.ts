import { getDotPath, type BaseIssue } from 'valibot';

/** Parses text as one JSON object; anything else (null, arrays, numbers, bad JSON) gives `undefined`. */
export function parseJsonObject(text: string): Record<string, unknown> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // the caller answers `malformed`
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}

/** One short sentence on the first field that does not fit; never repeats the value itself. */
export function describe(issues: readonly BaseIssue<unknown>[]): string {
  const issue = issues[0];
  const path = issue ? (getDotPath(issue) ?? 'message') : 'message';
  return `"${path}" is missing or does not have the expected form (${issue?.type ?? 'unknown'}).`;
}
