// A disk in memory that can do what a real one seldom does: be killed between any two steps, be full, and lie.
import type { Directory, DiskFile, SyncHandle } from '../handles.ts';
import type { Locks, Release } from '../web-locks.ts';

/** What a write at the quota does: Chromium's gives a huge number, others write less, or throw. */
export type WhenFull = 'lies' | 'writes less' | 'throws';

class FileNode {
  readonly kind = 'file';
  /** What was written, and what of it outlives a crash. */
  bytes = new Uint8Array(0);
  flushed = new Uint8Array(0);
  modifiedAt = Date.now();
  /** Who has it open. */
  user: FakePage | undefined;
}

class FolderNode {
  readonly kind = 'directory';
  readonly entries = new Map<string, FileNode | FolderNode>();
}

/** All pages of an application share one. */
export class FakeDisk {
  readonly root = new FolderNode();
  /** What was done to files, as `write 0.data`, in order. */
  readonly log: string[] = [];
  quotaBytes = Infinity;
  whenFull: WhenFull = 'throws';
  /** Called before each step on a file; what it throws is what the step throws. */
  beforeStep: (step: string) => void = () => {};
  readonly locks = new Map<string, { page: FakePage; released: Promise<void>; resolve: () => void }>();

  open(): FakePage {
    return new FakePage(this);
  }

  /** The file at this path, to look at it or to damage it. */
  file(...path: string[]): FileNode {
    const found = this.#find(path);
    if (found?.kind !== 'file') throw new Error(`no file ${path.join('/')}`);
    return found;
  }

  names(...path: string[]): string[] {
    const found = this.#find(path);
    return found?.kind === 'directory' ? [...found.entries.keys()].sort() : [];
  }

  openFiles(): number {
    const count = (node: FileNode | FolderNode): number =>
      node.kind === 'file'
        ? Number(node.user !== undefined)
        : [...node.entries.values()].reduce((n, e) => n + count(e), 0);
    return count(this.root);
  }

  get usedBytes(): number {
    const used = (node: FileNode | FolderNode): number =>
      node.kind === 'file' ? node.bytes.length : [...node.entries.values()].reduce((n, each) => n + used(each), 0);
    return used(this.root);
  }

  step(what: string): void {
    this.beforeStep(what);
    this.log.push(what);
  }

  #find(path: readonly string[]): FileNode | FolderNode | undefined {
    let node: FileNode | FolderNode | undefined = this.root;
    for (const name of path) node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    return node;
  }
}

/** One page, or one worker: what it has goes with it. */
export class FakePage {
  readonly disk: FakeDisk;
  readonly root: Directory;
  readonly locks: Locks;
  #isDead = false;

  constructor(disk: FakeDisk) {
    this.disk = disk;
    this.root = folderOf(this, 'root', disk.root);
    this.locks = {
      take: async (name, timeoutMs) => {
        const deadline =
          timeoutMs > 0 ? new Promise<'late'>((resolve) => setTimeout(resolve, timeoutMs, 'late')) : 'late';
        for (let held = disk.locks.get(name); held; held = disk.locks.get(name)) {
          if ((await Promise.race([held.released, deadline])) === 'late') return undefined;
        }
        let resolve: () => void = () => {};
        const released = new Promise<void>((release) => (resolve = release));
        disk.locks.set(name, { page: this, released, resolve });
        return async () => {
          this.#release(name);
        };
      },
      held: async () => new Set(disk.locks.keys()),
    } satisfies { take: (name: string, timeoutMs: number) => Promise<Release | undefined>; held: Locks['held'] };
  }

  /** SIGKILL: it does nothing any more, its files and locks are free, and what it had not flushed is lost. */
  kill(): void {
    this.#isDead = true;
    const drop = (node: FileNode | FolderNode) => {
      if (node.kind === 'directory') return node.entries.forEach(drop);
      if (node.user && node.user !== this) return;
      node.user = undefined;
      node.bytes = node.flushed.slice();
    };
    drop(this.disk.root);
    for (const [name, { page }] of this.disk.locks) if (page === this) this.#release(name);
  }

  assertAlive(): void {
    if (this.#isDead) throw new Error('the page is dead');
  }

  #release(name: string): void {
    const held = this.disk.locks.get(name);
    if (held?.page !== this) return;
    this.disk.locks.delete(name);
    held.resolve();
  }
}

function folderOf(page: FakePage, name: string, node: FolderNode): Directory {
  const find = (child: string, create: boolean, make: () => FileNode | FolderNode) => {
    page.assertAlive();
    const found = node.entries.get(child) ?? (create ? make() : undefined);
    if (!found) throw new DOMException(`no ${child}`, 'NotFoundError');
    node.entries.set(child, found);
    return found;
  };
  const handleOf = (child: string, found: FileNode | FolderNode) =>
    found.kind === 'file' ? fileOf(page, child, found) : folderOf(page, child, found);
  return {
    kind: 'directory',
    name,
    getDirectoryHandle: async (child, { create = false } = {}) =>
      handleOf(
        child,
        find(child, create, () => new FolderNode()),
      ) as Directory,
    getFileHandle: async (child, { create = false } = {}) =>
      handleOf(
        child,
        find(child, create, () => new FileNode()),
      ) as DiskFile,
    removeEntry: async (child) => {
      const isUsed = (each: FileNode | FolderNode): boolean =>
        each.kind === 'file' ? each.user !== undefined : [...each.entries.values()].some(isUsed);
      const found = find(child, false, () => new FileNode());
      if (isUsed(found)) throw new DOMException(`${child} is open`, 'NoModificationAllowedError');
      page.disk.step(`remove ${child}`);
      node.entries.delete(child);
    },
    async *values() {
      for (const [child, found] of [...node.entries]) yield handleOf(child, found);
    },
  };
}

function fileOf(page: FakePage, name: string, node: FileNode): DiskFile {
  return {
    kind: 'file',
    name,
    getFile: async () => new File([node.bytes.slice()], name, { lastModified: node.modifiedAt }),
    createSyncAccessHandle: async () => {
      page.assertAlive();
      if (node.user) throw new DOMException(`${name} is open`, 'NoModificationAllowedError');
      node.user = page;
      return syncHandleOf(page, name, node);
    },
  };
}

function syncHandleOf(page: FakePage, name: string, node: FileNode): SyncHandle {
  const { disk } = page;
  const assertOpen = () => {
    page.assertAlive();
    if (node.user !== page) throw new DOMException(`${name} is closed`, 'InvalidStateError');
  };
  const put = (bytes: Uint8Array, at: number) => {
    const grown = new Uint8Array(Math.max(node.bytes.length, at + bytes.length));
    grown.set(node.bytes);
    grown.set(bytes, at);
    node.bytes = grown;
    node.modifiedAt = Date.now();
  };
  return {
    read: (bytes, { at }) => {
      assertOpen();
      const found = node.bytes.subarray(at, at + bytes.length);
      bytes.set(found);
      return found.length;
    },
    write: (bytes, { at }) => {
      assertOpen();
      disk.step(`write ${name}`);
      const grows = Math.max(0, at + bytes.length - node.bytes.length);
      const room = disk.quotaBytes - disk.usedBytes;
      if (grows <= room) {
        put(bytes, at);
        return bytes.length;
      }
      if (disk.whenFull === 'throws') throw new DOMException('full', 'QuotaExceededError');
      const fits = Math.max(0, bytes.length - (grows - room));
      put(bytes.subarray(0, fits), at);
      return disk.whenFull === 'lies' ? 2 ** 32 + fits : fits;
    },
    truncate: (size) => {
      assertOpen();
      disk.step(`truncate ${name}`);
      const cut = new Uint8Array(size);
      cut.set(node.bytes.subarray(0, size));
      node.bytes = cut;
    },
    flush: () => {
      assertOpen();
      disk.step(`flush ${name}`);
      node.flushed = node.bytes.slice();
    },
    getSize: () => node.bytes.length,
    close: () => {
      if (node.user === page) node.user = undefined; // what was not flushed is not so by this
    },
  };
}
