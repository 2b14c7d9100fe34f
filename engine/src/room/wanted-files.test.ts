import { randomId } from '@tincan/shared/base64url';
import { expect, test } from 'vitest';
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
  const kept = files.map(({ path, size }) => ({ id: randomId(), path, size, modifiedAt: 0 }));
  sender.adopt(
    SendingOffer.restore({ offer: randomId(), key: randomId(), to: 'bob', link: '', offeredAt: 0, files: kept }),
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
  expect(wanted.give([file], carols)).toEqual([file]);
  expect(pathsOf(wanted.all)).toEqual(['a.txt', 'b.txt']);
  expect(wanted.give([file], bobs)).toEqual([]);
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
