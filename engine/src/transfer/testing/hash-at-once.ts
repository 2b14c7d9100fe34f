import { createHash } from 'node:crypto';
import { vi } from 'vitest';

/** SHA-256 is computed at once, not by another thread: a test under a clock of its own cannot know how long that takes. Until the mocks are restored. */
export function hashAtOnce() {
  return vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return new Uint8Array(createHash('sha256').update(bytes).digest()).buffer;
  });
}
