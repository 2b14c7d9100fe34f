import { expect, test } from 'vitest';
import { expectCode } from '@tincan/engine/transfer/testing/contract';
import { PickedFile, type LastingHandle } from './picked-file.ts';

/** A handle as Chromium gives it, for a file that may need a click. */
function handleOf(permission: PermissionState, answer: PermissionState = permission): LastingHandle {
  let state = permission;
  return {
    kind: 'file',
    name: 'a file',
    getFile: async () => {
      if (state !== 'granted') throw new DOMException('', 'NotAllowedError');
      return new File(['text'], 'a file');
    },
    queryPermission: async () => state,
    requestPermission: async () => (state = answer),
  } as Partial<LastingHandle> as LastingHandle;
}

test('a file that may be read is opened', async () => {
  expect(await (await new PickedFile(handleOf('granted')).open())?.text()).toBe('text');
});

test('a file that may not be read yet is opened once the browser was asked', async () => {
  const file = new PickedFile(handleOf('prompt', 'granted'));
  expect(await file.open()).toBe(undefined);
  expect(await file.ask()).toBe(true);
  expect((await file.open())?.size).toBe(4);
});

test('a file that may not be read is not opened', async () => {
  const file = new PickedFile(handleOf('prompt', 'denied'));
  expect([await file.ask(), await file.open()]).toEqual([false, undefined]);
});

test('where a browser knows no permissions there is nothing to ask', async () => {
  const handle = handleOf('granted');
  delete handle.queryPermission;
  delete handle.requestPermission;
  const file = new PickedFile(handle);
  expect([await file.ask(), (await file.open())?.size]).toEqual([true, 4]);
});

test('a file that is gone, or cannot be read, says so', async () => {
  const failing = (name: string) => {
    const handle = handleOf('granted');
    handle.getFile = () => Promise.reject(new DOMException('', name));
    return new PickedFile(handle).open();
  };
  await expectCode(failing('NotFoundError'), 'gone');
  await expectCode(failing('NotReadableError'), 'store-failed');
});
