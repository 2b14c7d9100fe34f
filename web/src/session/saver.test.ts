import { beforeEach, expect, test, vi } from 'vitest';
import { Saver } from './saver.ts';
import type { TransferViews } from './transfer-views.ts';
import type { TransferView } from './views.ts';

/** What came into the person's downloads or folder, and which transfers are marked as saved. */
let [came, saved]: [string[], string[]] = [[], []];

/** Of a page with these received files, of which those with `bad` in their names cannot be read. */
function saverOf(...names: string[]): { saver: Saver; transfers: TransferView[] } {
  const open = async (name: string) =>
    name.includes('bad') ? Promise.reject(new Error(`${name} is broken`)) : new Blob([name]);
  const receiver = { open, markSaved: async (name: string) => void saved.push(name) };
  const views = { find: (key: string) => ({ exchange: { receiver }, view: { id: key } }) };
  return {
    saver: new Saver(views as unknown as TransferViews, () => {}),
    transfers: names.map((key) => ({ key, id: key, path: key }) as TransferView),
  };
}

beforeEach(() => {
  [came, saved] = [[], []];
  vi.useFakeTimers();
  return () => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  };
});

test('one that cannot be opened keeps no other from the downloads, and is told at the end', async () => {
  const createElement = () => ({
    download: '',
    click() {
      came.push(this.download);
    },
  });
  vi.stubGlobal('document', { createElement });
  const { saver, transfers } = saverOf('a.txt', 'bad.txt', 'c.txt');
  const told = expect(saver.download(transfers)).rejects.toMatchObject({ errors: [{ message: 'bad.txt is broken' }] });
  await vi.advanceTimersByTimeAsync(1_000);
  await told;
  expect([came, saved]).toEqual([
    ['a.txt', 'c.txt'],
    ['a.txt', 'c.txt'],
  ]);
});

test('one that cannot be opened keeps no other from a folder, and is told at the end', async () => {
  const getFileHandle = async (name: string, options?: { create: boolean }) => {
    if (!options) throw new DOMException('', 'NotFoundError');
    return { createWritable: async () => new WritableStream({ close: () => void came.push(name) }) };
  };
  vi.stubGlobal('window', { showDirectoryPicker: async () => ({ getFileHandle }) });
  const { saver, transfers } = saverOf('bad.txt', 'b.txt');
  await expect(saver.writeIntoFolder(transfers)).rejects.toMatchObject({ errors: [{ message: 'bad.txt is broken' }] });
  expect([came, saved]).toEqual([['b.txt'], ['b.txt']]);
});
