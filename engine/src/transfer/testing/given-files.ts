// Files that a test gives to one side of a pair, and what has to become of them.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { MemoryStore } from '../memory-store.ts';
import { Source } from '../source.ts';
import type { OfferFolder } from '../store.ts';
import { fileAt, openAt, until, type LinkedPeers } from './linked-peers.ts';

export type GivenFiles = Record<string, Uint8Array<ArrayBuffer>>;

/** Bytes that differ at every place and from file to file. */
export function bytesOf(size: number, seed = 1): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(size / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2_654_435_761) ^ Math.imul(seed, 40_503);
  return new Uint8Array(words.buffer, 0, size).slice();
}

/** The file's hash as the documents define it, computed by other code than the engine's. */
export function expectedHash(bytes: Uint8Array): string {
  const list = createHash('sha256');
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    list.update(
      createHash('sha256')
        .update(bytes.subarray(at, at + BLOCK_BYTES))
        .digest(),
    );
  }
  return list.digest('hex');
}

/** A store whose folders do some things in the test's own way. */
export class ChangedStore extends MemoryStore {
  readonly #change: (folder: OfferFolder) => Partial<OfferFolder>;
  constructor(change: (folder: OfferFolder) => Partial<OfferFolder>) {
    super();
    this.#change = change;
  }
  override async create(...args: Parameters<MemoryStore['create']>): Promise<OfferFolder> {
    const folder = await super.create(...args);
    return { ...folder, ...this.#change(folder) };
  }
}

export function offer(peers: LinkedPeers, files: GivenFiles): void {
  peers.alice.sender.offer(
    Object.entries(files).map(([path, bytes]) => ({ path, source: new Source(new Blob([bytes])) })),
  );
}

export async function acceptAll(peers: LinkedPeers): Promise<void> {
  await until(() => [...peers.bob.receiver.offers].some((each) => each.state === 'open'), 'an offer arrives');
  for (const each of peers.bob.receiver.offers) await peers.bob.receiver.accept(each.id);
}

export async function expectArrived(peers: LinkedPeers, files: Record<string, Uint8Array>): Promise<void> {
  const done = (states: Iterable<{ state: string }>) => [...states].every((file) => file.state === 'done');
  await until(
    () => done(peers.bob.receiver.files) && done(peers.alice.sender.files),
    () =>
      `all done, but: ${JSON.stringify(
        [...peers.bob.receiver.files, ...peers.alice.sender.files]
          .filter(({ state }) => state !== 'done')
          .map(({ path, state, durable, failure }) => [path, state, durable, failure])
          .slice(0, 5),
      )}`,
  );
  for (const [path, bytes] of Object.entries(files)) {
    const received = fileAt(peers.bob.receiver.files, path);
    const sent = fileAt(peers.alice.sender.files, path);
    expect(Buffer.compare(await openAt(peers.bob.receiver, path), bytes)).toBe(0);
    expect(received.hash).toBe(expectedHash(bytes));
    expect(sent.hash).toBe(received.hash);
    expect(received.durable).toBe(bytes.length);
    expect(sent.durable).toBe(bytes.length);
  }
}
