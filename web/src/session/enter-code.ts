import type { Result } from '@tincan/shared/result';
import { failureCode } from '@tincan/engine/platform/errors';
import { enterSlot, type EnterSlotOptions } from '@tincan/engine/signaling/slot';
import { parseCode } from '@tincan/engine/verify/spoken-code';
import { loadPairing } from './load-pairing.ts';
import { CODE_PROBLEMS, type CodeProblem } from './views.ts';

/** What typing a code came to. `spent`: it reached the other side, so that it must not be tried again, whatever the server says. */
export type CodeOutcome = Result<string, CodeProblem> & { spent: boolean };

/** Trades a code, as a person typed it, for the secret of a room; each code can be tried once. Says why not where it cannot. */
export async function enterCode(text: string, options: Omit<EnterSlotOptions, 'slot'>): Promise<CodeOutcome> {
  const code = parseCode(text);
  if (!code.ok) return { ...code, spent: false };
  let channel;
  try {
    const { receiveSecret } = await loadPairing();
    channel = await enterSlot({ ...options, slot: code.value.slot });
    const secret = await receiveSecret(channel, code.value);
    channel.close('done');
    return { ok: true, value: secret, spent: true };
  } catch (error) {
    const problem = failureCode(error, CODE_PROBLEMS, 'Entering a code failed.');
    channel?.close(problem === 'wrong-code' ? 'wrong-code' : 'cancelled');
    if (channel === undefined) return { ok: false, error: problem, spent: problem === 'used' };
    // In the slot the other side, or a server that plays it, has had its one guess: to try again would give it another.
    return { ok: false, error: problem === 'wrong-code' || problem === 'expired' ? problem : 'failed', spent: true };
  }
}
