import { randomId } from '@tincan/shared/base64url';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SendingOffer } from '../transfer/outgoing-offer.ts';
import { Sender } from '../transfer/sender.ts';
import { isAnyWanted, WantedFiles } from './wanted-files.ts';

interface Waiting {
  readonly path: string;
  /** In bytes. */
  readonly size: number;
}

/** The sending side towards a peer that has accepted these on an earlier visit; they are to be given again. */
function waitingFor(...files: Waiting[]): Sender {
  const sender = new Sender({ path: { send: () => {}, openLanes: () => {} } });
  const kept = files.map(({ path, size }) => ({ id: randomId(), path, size }));
  sender.adopt(
    SendingOffer.restore({ offer: randomId(), key: randomId(), to: 'bob', link: '', usedAt: 0, files: kept }),
  );
  return sender;
}

function chosen({ path, size }: Waiting) {
  return { path, file: new File([new Uint8Array(size)], path) };
}

const pathsOf = (files: Iterable<{ path: string }>) => [...files].map(({ path }) => path);

test('a file for one peer is given to what waits for it there, and nowhere else', () => {
  const [bobs, carols] = [waitingFor({ path: 'a.txt', size: 3 }), waitingFor({ path: 'b.txt', size: 3 })];
  const wanted = new WantedFiles(() => [bobs, carols]);
  const file = chosen({ path: 'a.txt', size: 3 });
  expect(wanted.give([file], [carols])).toEqual([file]);
  expect(pathsOf(wanted.all)).toEqual(['a.txt', 'b.txt']);
  expect(wanted.give([file], [bobs])).toEqual([]);
  expect(pathsOf(wanted.all)).toEqual(['b.txt']);
});

test('of files of the same name and size, each goes to its own path first', () => {
  const sender = waitingFor({ path: 'one/a.txt', size: 3 }, { path: 'two/a.txt', size: 3 });
  const wanted = new WantedFiles(() => [sender]);
  expect(wanted.give([chosen({ path: 'two/a.txt', size: 3 })])).toEqual([]);
  expect(pathsOf(wanted.all)).toEqual(['one/a.txt']);
  const others = [chosen({ path: 'a.txt', size: 4 }), chosen({ path: 'b.txt', size: 3 })];
  expect(wanted.give([...others, chosen({ path: 'moved/a.txt', size: 3 })])).toEqual(others);
  expect(wanted.all).toEqual([]);
});

test('each chosen file is looked at a few times, however many are waited for', () => {
  const files = Array.from({ length: 2_000 }, (_, index) => ({ path: `folder/file ${index}`, size: 3 }));
  const sender = waitingFor(...files);
  let looks = 0;
  const counted = files.toReversed().map((each) => ({
    ...chosen(each),
    get path() {
      looks++;
      return each.path;
    },
  }));
  const wanted = new WantedFiles(() => [sender]);
  expect(isAnyWanted(files.slice(0, -1), counted.slice(0, 1))).toBe(false);
  expect(isAnyWanted(files, counted)).toBe(true);
  expect(wanted.give(counted)).toEqual([]);
  expect(wanted.all).toEqual([]);
  expect(looks).toBeLessThan(10 * files.length);
});

describe('a handle of an earlier visit', () => {
  const FILE = { path: 'a.txt', size: 3 };
  /** Of a browser that gives this, and needs no click for it. */
  const handleOf = (open: () => Promise<File | undefined>) => ({ open, ask: async () => true });

  beforeEach(() => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    return () => vi.restoreAllMocks();
  });

  function waitingForOne() {
    const sender = waitingFor(FILE);
    const wanted = new WantedFiles(() => [sender]);
    return { sender, wanted, id: wanted.all[0]!.id };
  }

  test('is opened without anyone having to wait for it', async () => {
    const { wanted, id } = waitingForOne();
    let open: (file: File | undefined) => void = () => {};
    wanted.restore(new Map([[id, handleOf(() => new Promise((resolve) => (open = resolve)))]]));
    expect(wanted.all).toMatchObject([{ canOpen: true }]);
    open(chosen(FILE).file);
    await expect.poll(() => wanted.all).toEqual([]);
  });

  test('does not take the place of what its person has chosen meanwhile', async () => {
    const { sender, wanted, id } = waitingForOne();
    let open: (file: File | undefined) => void = () => {};
    wanted.restore(new Map([[id, handleOf(() => new Promise((resolve) => (open = resolve)))]]));
    wanted.give([chosen(FILE)]);
    const given = sender.fileOf(id)!.source;
    open(chosen(FILE).file);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(sender.fileOf(id)!.source).toBe(given);
  });

  test.each([
    ['gives a file of another size', async () => chosen({ path: 'a.txt', size: 4 }).file],
    ['gives nothing any more', async () => Promise.reject(new DOMException('', 'NotFoundError'))],
  ])('that %s is not offered again', async (_, open) => {
    const { wanted, id } = waitingForOne();
    let isClicked = false;
    wanted.restore(new Map([[id, handleOf(async () => (isClicked ? open() : undefined))]]));
    expect(wanted.all).toMatchObject([{ canOpen: true }]);
    isClicked = true;
    expect(await wanted.reopen(id)).toBe(false);
    expect(wanted.all).toMatchObject([{ canOpen: false }]);
    expect(console.warn).toHaveBeenCalledOnce();
  });
});
