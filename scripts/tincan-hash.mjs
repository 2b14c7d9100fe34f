// `node scripts/tincan-hash.mjs FILE …`: the hash that Tincan shows for a file, computed from the disk. It is the
// SHA-256 of the SHA-256 of each block of 1 MiB (1,048,576 bytes; the last block may be shorter), in order.
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK_BYTES = 1_048_576;

for (const path of process.argv.slice(2)) {
  const file = await open(path);
  const whole = createHash('sha256');
  const block = new Uint8Array(BLOCK_BYTES);
  for (let filled = await fill(file, block); filled > 0; filled = await fill(file, block)) {
    whole.update(createHash('sha256').update(block.subarray(0, filled)).digest());
  }
  await file.close();
  console.log(`${whole.digest('hex')}  ${path}`);
}

/**
 * Reads until the block is full or the file ends: a read may give less than was asked for.
 *
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Uint8Array} block
 * @returns {Promise<number>}
 */
async function fill(file, block) {
  let filled = 0;
  while (filled < block.length) {
    const { bytesRead } = await file.read(block, filled, block.length - filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
