import type { Result } from '@tincan/shared/result';
import { TincanError } from '../platform/errors.ts';
import { enterSlot, type EnterSlotOptions } from '../signaling/slot.ts';
import { parseCode } from '../verify/spoken-code.ts';
import { CODE_PROBLEMS, type CodeProblem } from './views.ts';

/** Trades a code, as a person typed it, for the secret of a room; each code can be tried once. Says why not where it cannot. */
export async function enterCode(
  text: string,
  options: Omit<EnterSlotOptions, 'slot'>,
): Promise<Result<string, CodeProblem>> {
  const code = parseCode(text);
  if (!code.ok) return code;
  let channel;
  try {
    // The curve is loaded by those who need it.
    const { receiveSecret } = await import('../verify/pairing.ts');
    channel = await enterSlot({ ...options, slot: code.value.slot });
    const secret = await receiveSecret(channel, code.value);
    channel.close('done');
    return { ok: true, value: secret };
  } catch (error) {
    const problem = toProblem(error);
    channel?.close(problem === 'wrong-code' ? 'wrong-code' : 'cancelled');
    return { ok: false, error: problem };
  }
}

function toProblem(error: unknown): CodeProblem {
  if (!(error instanceof TincanError)) console.error('Entering a code failed.', error);
  const code: unknown = error instanceof TincanError ? error.code : undefined;
  return CODE_PROBLEMS.find((problem) => problem === code) ?? 'failed';
}
