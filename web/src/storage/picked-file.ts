import { TincanError } from '@tincan/engine/platform/errors';
import type { SourceHandle } from '@tincan/engine/transfer/ledger';
import { asStoreError } from './store-errors.ts';
import { isMissing } from './handles.ts';

/** A file of the person's that a later visit may read too; TypeScript does not know the permissions, which are Chromium's. */
export interface LastingHandle extends FileSystemFileHandle {
  queryPermission?(mode: { mode: 'read' }): Promise<PermissionState>;
  requestPermission?(mode: { mode: 'read' }): Promise<PermissionState>;
}

/** A file that was picked or dropped where the browser gives a handle of it. Where there are no permissions, nothing has to be asked for. */
export class PickedFile implements SourceHandle {
  readonly handle: LastingHandle;

  constructor(handle: LastingHandle) {
    this.handle = handle;
  }

  async open(): Promise<File | undefined> {
    if (((await this.handle.queryPermission?.({ mode: 'read' })) ?? 'granted') !== 'granted') return undefined;
    try {
      return await this.handle.getFile();
    } catch (error) {
      throw isMissing(error) ? new TincanError('gone', `${this.handle.name} is gone`) : asStoreError(error);
    }
  }

  async ask(): Promise<boolean> {
    return ((await this.handle.requestPermission?.({ mode: 'read' })) ?? 'granted') === 'granted';
  }
}
