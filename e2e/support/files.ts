import { createHash, randomFillSync } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';

const CHUNK_BYTES = 1_048_576;

/** A temporary folder for files to send. */
export class Files {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<Files> {
    return new Files(await mkdtemp(join(tmpdir(), 'tincan-files-')));
  }

  /** Writes a file of random bytes; `name` may have folders in it. Gives its path. */
  async random(name: string, bytes: number): Promise<string> {
    const path = join(this.path, name);
    await mkdir(dirname(path), { recursive: true });
    const file = await open(path, 'w');
    try {
      for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
        await file.write(randomFillSync(new Uint8Array(Math.min(left, CHUNK_BYTES))));
      }
    } finally {
      await file.close();
    }
    return path;
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The SHA-256 of a file's bytes, as hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), hash);
  return hash.digest('hex');
}
