/** The one error class of failed operations: `code` is for programs, `message` for the log; the person's sentence is chosen in `ui/`. */
export class TincanError<Code extends string = string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TincanError';
    this.code = code;
  }
}
