// Holds the sync access handles of one page's received files: the only fast way to write to a browser's disk, and only workers have it.
import { openDisk } from './handles.ts';
import { OpfsFolders } from './opfs-folders.ts';
import { DISK_FOLDER, nameOf, type StoreRequest } from './store-protocol.ts';
import { StoreServer, transfersOf } from './store-server.ts';
import { WebLocks } from './web-locks.ts';

const server = new StoreServer(async (path) => {
  const all = await (await openDisk()).getDirectoryHandle(DISK_FOLDER, { create: true });
  const directory = await all.getDirectoryHandle(encodeURIComponent(path), { create: true });
  return new OpfsFolders({
    directory,
    locks: new WebLocks(),
    lockPrefix: nameOf(path),
    estimate: () => navigator.storage.estimate(),
  });
});

addEventListener('message', ({ data }: MessageEvent<StoreRequest>) => {
  void server.handle(data).then((answer) => {
    postMessage(answer, { transfer: transfersOf(data, answer) });
  });
});
