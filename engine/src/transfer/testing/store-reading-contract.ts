// What every implementation of the OfferStore port must keep when files are read: a part of store-contract.ts.
import { BLOCK_BYTES } from '@tincan/shared/limits';
import type { OfferFolder, OfferStore } from '../store.ts';
import { expectBytes, expectCode, type ContractCase } from './contract.ts';
import { LINK, blockOf, expectBlob, expectWhole, manifestOf, writeBlocks } from './kept-files.ts';

const MiB = BLOCK_BYTES;

export const readingContract: readonly ContractCase<{ open(): Promise<OfferStore> }>[] = [
  {
    name: 'a small file that was opened can be read while its neighbours are written',
    run: async (bench) => {
      const folder = await (await bench.open()).create(manifestOf(1_000, MiB, 2 * MiB), LINK);
      await writeBlocks(folder, 0, 0);
      await writeBlocks(folder, 2, 0, 1);
      await folder.flush();
      const [small, large] = [await folder.open(0), await folder.open(2)];
      await writeBlocks(folder, 1, 0);
      await folder.flush();
      await expectBlob(small, folder.manifest, 0);
      await expectBlob(large, folder.manifest, 2);
      await expectWhole(folder, 1);
    },
  },
  {
    name: 'a block that was written is read back, before and after the flush; none that there is not',
    run: async (bench) => {
      const store = await bench.open();
      const folder = await store.create(manifestOf(100, 3 * MiB + 5, 200), LINK);
      await writeBlocks(folder, 1, 3);
      await writeBlocks(folder, 2, 0);
      const expectRead = async (from: OfferFolder, file: number, block: number) => {
        const bytes = await from.read(file, block);
        expectBytes(bytes, blockOf(from.manifest, file, block), `block ${block} of file ${file}`);
        bytes.fill(0); // they are the caller's
        expectBytes(await from.read(file, block), blockOf(from.manifest, file, block), 'what is read once more');
      };
      await expectRead(folder, 1, 3);
      await folder.flush();
      await expectRead(folder, 1, 3);
      await expectRead(folder, 2, 0);
      await expectCode(folder.read(1, 4), 'store-failed');
      await expectCode(folder.read(3, 0), 'store-failed');
      await folder.close();
      await expectCode(folder.read(1, 3), 'store-failed');
      await expectRead(await store.take(folder.folder), 1, 3);
    },
  },
];
