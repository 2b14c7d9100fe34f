// What the contracts of the stores share. Without a test framework: they run in browsers' pages as well as in Node.

/** One promise of a port, as something that can be run. */
export interface ContractCase<Bench> {
  readonly name: string;
  /** Rejects with what was not kept. */
  readonly run: (bench: Bench) => Promise<void>;
}

/** Fails unless both are the same as JSON. */
export function expectSame(actual: unknown, expected: unknown, what = 'it'): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what} is ${is}, not ${should}`);
}

/** Fails unless the promise rejects with this code, and gives the error. */
export async function expectCode(promise: Promise<unknown>, code: string): Promise<Error> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return error;
    throw new Error(`rejected, and not with ${code}: ${String(error)}`, { cause: error });
  }
  throw new Error(`resolved with ${JSON.stringify(value)} instead of rejecting with ${code}`);
}

/** Fails unless the bytes of both are equal. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array, what: string): void {
  if (actual.length !== expected.length) throw new Error(`${what} has ${actual.length} bytes, not ${expected.length}`);
  const first = actual.findIndex((byte, at) => byte !== expected[at]);
  if (first !== -1) throw new Error(`${what} differs at byte ${first}`);
}
