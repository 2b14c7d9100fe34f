import { expect, it } from 'vitest';
import type { TransferFile } from '@tincan/engine/transfer/file-state';
import { lookNow, lookOf } from './look-kinds.ts';

const FILE: TransferFile = {
  id: '',
  path: 'file',
  size: 10,
  modified: undefined,
  state: 'done',
  here: 'none',
  there: 'none',
  durable: 0,
  hash: undefined,
  failure: undefined,
  saved: 'no',
  freed: false,
};

it.each([
  ['a.mp4', { kind: 'video', type: 'video/mp4' }],
  ['folder.jpg/CLIP.WebM', { kind: 'video', type: 'video/webm' }],
  ['a.b.mp3', { kind: 'audio', type: 'audio/mpeg' }],
  ['a.svg', { kind: 'image', type: 'image/svg+xml' }],
  ['notes.txt', { kind: 'text', type: 'text/plain' }],
  ['page.html', undefined],
  ['page.xhtml', undefined],
  ['a.pdf', undefined],
  ['a.txt.exe', undefined],
  ['folder.txt/', undefined],
  ['folder.txt/file', undefined],
  ['txt', undefined],
  ['a.constructor', undefined],
])('%s is shown as %j', (path, look) => {
  expect(lookOf(path)).toEqual(look);
});

it.each([
  ['a.mp4', 'offered', undefined],
  ['a.mp4', 'active', 'video'],
  ['a.mp3', 'verifying', 'audio'],
  ['a.mp4', 'done', 'video'],
  ['a.mp4', 'failed', undefined],
  ['a.mp4', 'cancelled', undefined],
  ['a.png', 'active', undefined],
  ['a.png', 'done', 'image'],
  ['a.txt', 'verifying', undefined],
  ['a.txt', 'done', 'text'],
] as const)('%s that is %s: %j', (path, state, kind) => {
  const file = { ...FILE, path, state };
  expect(lookNow(file)).toBe(kind);
  expect([lookNow({ ...file, freed: true }), lookNow({ ...file, size: 0 })]).toEqual([undefined, undefined]);
});

it('a picture is shown whole, so no larger than 64 MiB', () => {
  const picture = { ...FILE, path: 'a.png', size: 64 * 1_048_576 };
  expect([lookNow(picture), lookNow({ ...picture, size: picture.size + 1 })]).toEqual(['image', undefined]);
});
