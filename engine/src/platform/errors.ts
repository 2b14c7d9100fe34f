/** The one error class of failed operations: `code` is for programs, `message` for the log; the person's sentence is chosen in `ui/`. */
export class TincanError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TincanError';
    this.code = code;
  }
}

/** Which of the `expected` codes an operation failed with, else `failed`; what is no TincanError is a fault of ours, logged as `during`. */
export function failureCode<Code extends string>(
  error: unknown,
  expected: readonly Code[],
  during: string,
): Code | 'failed' {
  if (!(error instanceof TincanError)) {
    console.error(during, error);
    return 'failed';
  }
  return expected.find((code) => code === error.code) ?? 'failed';
}
