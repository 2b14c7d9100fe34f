import { expect, test } from 'vitest';
import { effectOf, holdsFiles, kindOf, textOf } from './handed-over.ts';

/** What a page is given of a drag; `files` are what the items of kind `file` give. */
function transferOf(data: Record<string, string>, files: (File | null)[] = []): DataTransfer {
  const items = files.map((file) => ({ kind: 'file', getAsFile: () => file }));
  const types = [...Object.keys(data), ...(files.length > 0 ? ['Files'] : [])];
  return { types, items, getData: (type: string) => data[type] ?? '' } as unknown as DataTransfer;
}

test.each([
  ['a text', { 'text/plain': ' one\ntwo ' }, 'one\ntwo'],
  ['a link and not its title', { 'text/uri-list': 'https://a.test/\r\n', 'text/plain': 'A' }, 'https://a.test/'],
  [
    'several links',
    { 'text/uri-list': '# A\r\nhttps://a.test/\r\nhttps://b.test/' },
    'https://a.test/\nhttps://b.test/',
  ],
  ['no link to the own disk', { 'text/uri-list': 'file:///home/me/x', 'text/plain': 'x' }, 'x'],
])('of what is dropped, the text is %s', (_, data, text) => {
  expect(textOf(transferOf(data))).toBe(text);
});

test('files that the browser speaks of and does not give are none', () => {
  const image = transferOf({ 'text/uri-list': 'https://a.test/a.png' }, [null]);
  expect([kindOf(image), holdsFiles(image), textOf(image)]).toEqual(['files', false, 'https://a.test/a.png']);
  expect(holdsFiles(transferOf({}, [new File([], 'a')]))).toBe(true);
});

test.each([
  ['all', 'copy'],
  ['uninitialized', 'copy'],
  ['copyMove', 'copy'],
  ['copyLink', 'copy'],
  ['link', 'link'],
  ['linkMove', 'link'],
  ['move', 'move'],
] as const)('a drag that allows %s is dropped as %s', (effectAllowed, effect) => {
  expect(effectOf({ effectAllowed } as DataTransfer)).toBe(effect);
});
