import { rm } from 'node:fs/promises';
import { sha256, type Files } from '../../e2e/support/files.ts';
import { FrameProbe } from '../../e2e/support/frame-probe.ts';
import type { TincanPage, TransferSeen } from '../../e2e/support/tincan-page.ts';
import { expect } from '../../e2e/support/test.ts';
import { until } from '../../e2e/support/until.ts';

export const MIB = 1_048_576;
export const SIZE = Number(process.env['SOAK_MIB'] ?? 1_024) * MIB;
export const HOUR_MS = 3_600_000;
/** What a fault may make the sender send again: what was not flushed, and what was under way. */
const MOST_REPEATED = 8 * MIB + 16 * MIB;

const NAME = 'long.bin';
const PIECE_BYTES = 65_536;
const HEADER_BYTES = 16;
const RECOVERY_MS = 300_000;

/** What one fault did. */
interface Fault {
  fault: string;
  /** The receiver's durable bytes when it began. */
  atMib: number;
  /** From the end of the fault to the next durable byte. */
  flowsAgainMs: number;
}

interface Options {
  readonly alice: TincanPage;
  readonly bob: TincanPage;
  readonly files: Files;
  readonly url: string;
  /** Hands the file over; by the input where nothing else is said. */
  readonly give?: (path: string) => Promise<void>;
}

/** One large file on its way from Alice to Bob, what is done to it, and what that cost. */
export class LongTransfer {
  readonly alice: TincanPage;
  /** Another page once his browser was killed and opened again. */
  bob: TincanPage;
  readonly link: string;
  readonly probe: FrameProbe;
  /** The file that is sent. */
  readonly original: string;
  readonly faults: Fault[] = [];
  readonly #startedAt = performance.now();

  private constructor(alice: TincanPage, bob: TincanPage, probe: FrameProbe, link: string, original: string) {
    this.alice = alice;
    this.bob = bob;
    this.probe = probe;
    this.link = link;
    this.original = original;
  }

  static async start({ alice, bob, files, url, give }: Options): Promise<LongTransfer> {
    const original = await files.random(NAME, SIZE);
    const probe = await FrameProbe.of(alice);
    const link = await alice.startRoom(url);
    await bob.join(link);
    await Promise.all([alice.waitForPeers(1), bob.waitForPeers(1)]);
    const transfer = new LongTransfer(alice, bob, probe, link, original);
    await (give ? give(original) : alice.chooseFiles(original));
    await bob.accept();
    return transfer;
  }

  /** What Bob's page shows of the file; `undefined` while it shows none. */
  async seen(): Promise<TransferSeen | undefined> {
    return (await this.bob.transfers({ name: NAME }))[0];
  }

  /** Does this once so much has arrived, and waits until more arrives. `act` ends when the fault is over. */
  async suffer(fault: string, share: number, act: () => Promise<void>): Promise<void> {
    // A fault has to leave something to send: more than what is under way.
    const { bytes } = await this.bob.waitForBytes(
      { name: NAME },
      Math.min(share * SIZE, SIZE - MOST_REPEATED),
      HOUR_MS,
    );
    expect(bytes, `${fault}: the transfer must still be under way; SOAK_MIB is too small`).toBeLessThan(SIZE);
    await act();
    const start = performance.now();
    const after = await this.#shown(() => true);
    expect(after.bytes, `${fault}: what was durable`).toBeGreaterThanOrEqual(bytes);
    await this.#shown((now) => now.bytes > after.bytes || now.state === 'done');
    this.faults.push({ fault, atMib: Math.round(bytes / MIB), flowsAgainMs: Math.round(performance.now() - start) });
  }

  /** Loads Alice's page anew. */
  async reloadSender(): Promise<void> {
    await this.probe.handleReload();
    await this.alice.tab.reload();
  }

  /** Waits for the end, compares the saved file, prints the figures, and holds them to the limit. */
  async finish(what: string, more: Record<string, unknown> = {}): Promise<void> {
    const received = await this.bob.waitForTransfer({ name: NAME }, 'done', HOUR_MS);
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const sent = await this.alice.waitForTransfer({ name: NAME }, 'done');
    expect(sent.hash).toBe(received.hash);
    const frameBytes = await this.probe.bytes();
    const repeated = (frameBytes * PIECE_BYTES) / (PIECE_BYTES + HEADER_BYTES) - SIZE;
    const saved = await this.bob.save(NAME);
    const isEqual = (await sha256(saved.path)) === (await sha256(this.original));
    await rm(saved.path, { force: true });
    print({
      soak: what,
      mib: SIZE / MIB,
      seconds: Math.round(seconds),
      repeatedMib: Number((repeated / MIB).toFixed(1)),
      limitMib: (this.faults.length * MOST_REPEATED) / MIB,
      faults: this.faults,
      savedFile: isEqual ? 'equal' : 'DIFFERENT',
      ...more,
    });
    expect(isEqual).toBe(true);
    // Half a MiB: the last frame of a file is shorter than the others.
    expect(repeated).toBeLessThanOrEqual(this.faults.length * MOST_REPEATED + MIB / 2);
  }

  async #shown(accepts: (row: TransferSeen) => boolean): Promise<TransferSeen> {
    const row = await until(
      'the file on Bob’s page, and that it goes on',
      () => this.seen(),
      (seen) => seen !== undefined && accepts(seen),
      RECOVERY_MS,
    );
    return row as TransferSeen;
  }
}

/** One line, for people and for programs. */
export function print(figures: Record<string, unknown>): void {
  console.log(JSON.stringify(figures));
}

/** The faults that last for a time: it is what is tested. */
export async function last(ms: number): Promise<void> {
  const start = Date.now();
  await until(
    `${ms} ms to pass`,
    () => Date.now() - start,
    (passed) => passed >= ms,
    ms + 30_000,
  );
}
