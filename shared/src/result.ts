/** What parsing untrusted input gives: a value that fits its schema, or why it does not. Never throws. */
export type Result<T, E> = { ok: true; value: T } | { ok: false; error: E };
