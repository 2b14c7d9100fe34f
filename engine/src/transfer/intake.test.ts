import { BLOCK_BYTES, PIECE_BYTES as PIECE } from '@tincan/shared/limits';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TincanError } from '../platform/errors.ts';
import { hashBlock, toHex } from './hash.ts';
import { ReceivingFile } from './incoming-file.ts';
import { Intake } from './intake.ts';
import { MemoryStore } from './memory-store.ts';
import type { OfferFolder } from './store.ts';
import { hashAtOnce } from './testing/hash-at-once.ts';
import { blockOf, manifestOf } from './testing/kept-files.ts';

let digest: ReturnType<typeof hashAtOnce>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  digest = hashAtOnce();
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Whatever needs no clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await new Promise(setImmediate);
}

/** One file that is received into a folder; `log` says what became of it, in order. */
async function intakeOf(
  size: number,
  change: (folder: OfferFolder, log: string[]) => Partial<OfferFolder> = () => ({}),
) {
  const log: string[] = [];
  const manifest = manifestOf(size);
  const folder = await new MemoryStore().create(manifest, 'https://tincan.test/#room');
  const changed = change(folder, log);
  const intake = new Intake({
    ...folder,
    ...changed,
    write: async (...args) => {
      const memory = await (changed.write ?? folder.write)(...args);
      log.push(`write ${args[1]}`);
      return memory;
    },
    flush: async () => {
      await (changed.flush ?? folder.flush)();
      log.push('flush');
    },
  });
  const file = new ReceivingFile(manifest.files[0]!);
  [file.place, file.state, file.handle] = [0, 'active', 1];
  intake.listen({
    closed: () => {},
    lost: ({ durable }) => log.push(`lost ${durable / BLOCK_BYTES}`),
    durable: (files) => log.push(`durable ${[...files].map(({ durable }) => durable / BLOCK_BYTES).join()}`),
    whole: ({ hash }) => log.push(`whole ${hash}`),
    full: () => log.push('full'),
    failed: (each, why) => {
      each.state = 'failed';
      log.push(`failed ${why}`);
    },
  });
  const bytesOf = (block: number) => blockOf(manifest, 0, block);
  /** The next block that is to be asked for comes, as these bytes. */
  const bring = (bytes?: Uint8Array<ArrayBuffer>) => {
    const open = file.openNext()!;
    const whole = bytes ?? bytesOf(open.block);
    for (let at = 0; at < whole.length; at += PIECE)
      file.placeFrame(open.block * BLOCK_BYTES + at, whole.subarray(at, at + PIECE));
    intake.handleWhole(file, open);
    return open;
  };
  const tell = async (block: number, bytes = bytesOf(block)) => intake.handleHash(file, block, await hashBlock(bytes));
  const fetch = async () => {
    const { block } = bring();
    await tell(block);
    await settle();
  };
  const listHash = async (blocks: number) => {
    const hashes = await Promise.all(Array.from({ length: blocks }, (_, block) => hashBlock(bytesOf(block))));
    return toHex(await hashBlock(new Uint8Array(await new Blob(hashes).arrayBuffer())));
  };
  return { intake, file, folder, log, bring, tell, fetch, bytesOf, listHash };
}

describe('the way to the disk', () => {
  it('is: written, flushed, durable, whole, and no step before the one before', async () => {
    const { fetch, log, listHash } = await intakeOf(2 * BLOCK_BYTES);
    await fetch();
    await fetch();
    expect(log).toEqual(['write 0', 'write 1']);
    await vi.advanceTimersByTimeAsync(20);
    await settle();
    expect(log).toEqual(['write 0', 'write 1', 'flush', 'durable 2', `whole ${await listHash(2)}`]);
  });

  it('flushes once a second where little comes, and at once when 8 MiB have', async () => {
    const { fetch, log, file } = await intakeOf(40 * BLOCK_BYTES);
    await fetch();
    await vi.advanceTimersByTimeAsync(999);
    expect([log, file.durable]).toEqual([['write 0'], 0]);
    await vi.advanceTimersByTimeAsync(1);
    await settle();
    expect(log.slice(1)).toEqual(['flush', 'durable 1']);
    for (let i = 0; i < 7; i++) await fetch();
    expect(log.filter((entry) => entry === 'flush')).toHaveLength(1);
    await fetch();
    expect(log.slice(-2)).toEqual(['flush', 'durable 9']);
  });

  it('takes no block for durable that was written while a flush was under way', async () => {
    const flushes: (() => void)[] = [];
    const { fetch, file, intake } = await intakeOf(40 * BLOCK_BYTES, () => ({
      flush: () => new Promise<void>((resolve) => flushes.push(resolve)),
    }));
    await fetch();
    void intake.flush();
    await settle();
    await fetch();
    flushes[0]!();
    await settle();
    expect(file.durable).toBe(BLOCK_BYTES);
    void intake.flush();
    await settle();
    flushes[1]!();
    await settle();
    expect(file.durable).toBe(2 * BLOCK_BYTES);
  });
});

describe('a hash', () => {
  it('that cannot be computed: the file fails, as the disk would', async () => {
    vi.spyOn(console, 'error').mockReturnValue();
    const { bring, tell, file, log } = await intakeOf(BLOCK_BYTES);
    bring();
    const told = tell(0); // whose own hash is computed
    digest.mockRejectedValue(new Error('out of memory'));
    await told;
    await settle();
    expect([file.state, log]).toEqual(['failed', ['failed store-failed']]);
  });

  it('that has not been told yet: nothing is written before', async () => {
    const { bring, tell, log } = await intakeOf(BLOCK_BYTES);
    bring();
    await settle();
    expect(log).toEqual([]);
    await tell(0);
    await settle();
    expect(log).toEqual(['write 0']);
  });

  it('that differs: asked for once more, and no more than that', async () => {
    const { bring, tell, file, log, bytesOf } = await intakeOf(BLOCK_BYTES);
    for (const times of [1, 2]) {
      expect(log).toEqual([]);
      const bytes = bytesOf(0);
      bytes[times]! ^= 1;
      bring(bytes);
      await tell(0);
      await settle();
    }
    expect([file.state, log]).toEqual(['failed', ['failed corrupt']]);
  });

  it('that is said again, otherwise, changes nothing: not before the bytes came, not while they are checked, not after', async () => {
    const { bring, tell, file, folder, log, bytesOf, listHash } = await intakeOf(2 * BLOCK_BYTES);
    const lie = new Uint8Array(BLOCK_BYTES);
    const open = file.openNext()!;
    await tell(0);
    await tell(0, lie);
    const bytes = bytesOf(0);
    for (let at = 0; at < BLOCK_BYTES; at += PIECE) file.placeFrame(at, bytes.subarray(at, at + PIECE));
    expect(open.isWhole).toBe(true);
    bring(); // the second one
    await tell(1);
    await tell(1, lie);
    await settle();
    await tell(1, lie);
    expect(log).toEqual(['write 1']);
    expect(file.open.get(0)).toBe(open);
    expect(open.expected).toEqual(await hashBlock(bytesOf(0)));
    // What both sides compare in the end is what is on the disk.
    await folder.write(0, 0, bytesOf(0), await hashBlock(bytesOf(0)));
    await folder.flush();
    expect(toHex(await hashBlock(await folder.hashes(0)))).toBe(await listHash(2));
  });
});

describe('a disk without room', () => {
  it('in a write: the block is asked for again, and nothing that was written is lost', async () => {
    let room = 1;
    const { fetch, file, log } = await intakeOf(3 * BLOCK_BYTES, (folder) => ({
      write: async (...args) => {
        if (room-- <= 0) throw new TincanError('no-space', 'full');
        return folder.write(...args);
      },
    }));
    await fetch();
    await fetch();
    expect([log, file.state]).toEqual([['write 0', 'full'], 'active']);
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect(file.durable).toBe(BLOCK_BYTES);
    room = 10;
    await fetch();
    await fetch();
    await vi.advanceTimersByTimeAsync(1_000);
    await settle();
    expect([file.state, file.durable]).toEqual(['verifying', 3 * BLOCK_BYTES]);
  });

  it('in a flush: what was written becomes durable with a later one', async () => {
    let room = false;
    const { fetch, file, log, intake } = await intakeOf(2 * BLOCK_BYTES, (folder) => ({
      flush: async () => {
        if (!room) throw new TincanError('no-space', 'full');
        return folder.flush();
      },
    }));
    await fetch();
    await intake.flush();
    expect([log, file.durable]).toEqual([['write 0', 'full'], 0]);
    await fetch();
    room = true;
    intake.goOn(file);
    await vi.advanceTimersByTimeAsync(0);
    await settle();
    expect(file.durable).toBe(2 * BLOCK_BYTES);
    expect(log.filter((entry) => entry.startsWith('durable'))).toEqual(['durable 2']);
  });

  it('for long: it is tried now and then, not without a pause', async () => {
    let flushes = 0;
    const { fetch, intake } = await intakeOf(2 * BLOCK_BYTES, () => ({
      flush: async () => {
        flushes += 1;
        throw new TincanError('no-space', 'full');
      },
    }));
    await fetch();
    await intake.flush();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(flushes).toBeLessThan(20);
  });
});

describe('what an earlier visit has written', () => {
  it('and cannot be read for a comparison: the comparison waits for the end, and nothing else does', async () => {
    vi.spyOn(console, 'warn').mockReturnValue();
    const { intake, file } = await intakeOf(2 * BLOCK_BYTES, () => ({
      hashes: async () => {
        throw new TincanError('store-failed', 'pulled out');
      },
    }));
    file.written.add(0);
    intake.handleHash(file, 0, new Uint8Array(32));
    await vi.advanceTimersByTimeAsync(10);
    expect(file.state).toBe('active');
  });
});
