import { expect, it, test } from 'vitest';
import { answer, MAX_WHOLE_BYTES, type ServedFile } from './served-files.ts';

const BYTES = Uint8Array.from({ length: 100 }, (_, at) => at);
const never = new AbortController().signal;

/** Gives as much as a read of ours does: to the end of a block, here of 40 bytes. */
const file: ServedFile = {
  size: BYTES.length,
  type: 'video/mp4',
  read: async (offset) => BYTES.slice(offset, (Math.floor(offset / 40) + 1) * 40),
};

async function bytesOf(body: Blob | Uint8Array | null): Promise<number[]> {
  return [...(body instanceof Blob ? new Uint8Array(await body.arrayBuffer()) : (body ?? []))];
}

it.each([
  ['bytes=0-', 0, 39],
  ['bytes=10-19', 10, 19],
  ['bytes=10-90', 10, 39],
  ['bytes=95-200', 95, 99],
  ['bytes=-10', 90, 99],
  ['bytes=-1000', 0, 39],
  [' bytes=99- ', 99, 99],
])('the range %s is answered with bytes %i to %i', async (range, first, last) => {
  const { status, headers, body } = await answer(file, range, never);
  expect([status, headers['Content-Range'], headers['Content-Type']]).toEqual([
    206,
    `bytes ${first}-${last}/100`,
    'video/mp4',
  ]);
  expect(await bytesOf(body)).toEqual([...BYTES.slice(first, last + 1)]);
});

it.each(['bytes=100-', 'bytes=20-10', 'bytes=-0', 'bytes=-', 'bytes=1-2,5-6', 'bytes=a-b', 'lines=1-2', ''])(
  'the range %j cannot be satisfied',
  async (range) => {
    expect(await answer(file, range, never)).toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */100' },
      body: null,
    });
  },
);

test('without a range it is all of it; and whatever its bytes say, it is taken for what we say', async () => {
  const { status, headers, body } = await answer({ ...file, type: 'image/svg+xml' }, null, never);
  expect([status, headers['Content-Type'], headers['X-Content-Type-Options']]).toEqual([
    200,
    'image/svg+xml',
    'nosniff',
  ]);
  expect(headers['Content-Security-Policy']).toContain("sandbox; default-src 'none'");
  expect(await bytesOf(body)).toEqual([...BYTES]);
});

test('without a range nobody gets all of what is large', async () => {
  const read = () => Promise.reject(new Error('not to be read'));
  const large = { ...file, size: MAX_WHOLE_BYTES + 1, read };
  expect(await answer(large, null, never)).toMatchObject({ status: 413, body: null });
});

test('what cannot be read is said to be so, and what is not wanted any more is not read on', async () => {
  const gone = { ...file, read: () => Promise.reject(new Error('gone')) };
  const stop = new AbortController();
  const wanted: AbortSignal[] = [];
  const waiting: ServedFile = {
    ...file,
    read: (_, signal) =>
      new Promise((_resolve, reject) => {
        wanted.push(signal);
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  };
  expect(await answer(gone, 'bytes=0-', never)).toMatchObject({ status: 503, body: null });
  const answered = answer(waiting, 'bytes=0-', stop.signal);
  stop.abort();
  expect(await answered).toMatchObject({ status: 503, body: null });
  expect(wanted[0]?.aborted).toBe(true);
});
