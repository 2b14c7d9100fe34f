import type { SessionId } from '@tincan/shared/introduction';
import type { Exchange, Exchanges } from '@tincan/engine/room/exchanges';
import type { Receiver } from '@tincan/engine/transfer/receiver';
import type { ServedFiles } from '../storage/served-files.ts';
import { lookNow, lookOf, type LookKind } from './look-kinds.ts';

/** So much of a text is shown, in bytes. */
const TEXT_BYTES = 262_144;

/** The received file that is looked at. */
export interface Shown {
  readonly path: string;
  readonly kind: LookKind;
  readonly what:
    | { readonly state: 'opening' }
    /** For a picture or a player in a frame: the address of the file, and that of the frame's document, where it needs one. */
    | { readonly state: 'address'; readonly file: string; readonly stage: string | undefined }
    /** The first bytes of it, or all. */
    | { readonly state: 'text'; readonly text: string; readonly bytes: number; readonly isCut: boolean }
    /** It was given up, or cannot be read. */
    | { readonly state: 'gone' }
    /** The browser lets this page show only what is whole. */
    | { readonly state: 'not-yet' };
}

/** Shows one received file at a time, also one that is still arriving. */
export class Viewer {
  readonly #exchanges: () => Exchanges | undefined;
  readonly #served: ServedFiles;
  #shown = $state.raw<Shown>();
  #closing: AbortController | undefined;
  /** The file that is shown is here, or still arrives. */
  #isLookedAt = () => false;

  constructor(exchanges: () => Exchanges | undefined, served: ServedFiles) {
    this.#exchanges = exchanges;
    this.#served = served;
  }

  get shown() {
    return this.#shown;
  }

  get #all(): Exchange[] {
    return [...(this.#exchanges()?.all ?? [])];
  }

  /** Shows a file that this peer sends, in the place of what was shown before. */
  async open({ peer, id }: { peer: SessionId | undefined; id: string }): Promise<void> {
    this.close();
    const receiver = this.#all.find((exchange) => exchange.peer === peer)?.receiver;
    const file = receiver?.fileOf(id);
    const look = file && lookOf(file.path);
    if (!file || !look) return;
    const closing = new AbortController();
    this.#closing = closing;
    const show = (what: Shown['what']) => {
      if (!closing.signal.aborted) this.#shown = { path: file.path, kind: look.kind, what };
    };
    /** Its offer goes on with another session of its sender after a reload there. */
    const keeper = (): Receiver => this.#all.find((each) => each.receiver.fileOf(id) === file)?.receiver ?? receiver!;
    const read = (offset: number, signal: AbortSignal) => keeper().read(id, offset, signal);
    this.#isLookedAt = () => lookNow(file) !== undefined;
    show({ state: 'opening' });
    try {
      if (look.kind === 'text') {
        const bytes = (await read(0, closing.signal)).subarray(0, TEXT_BYTES);
        return show({
          state: 'text',
          text: new TextDecoder().decode(bytes),
          bytes: bytes.length,
          isCut: bytes.length < file.size,
        });
      }
      const served = await this.#served.serve({ size: file.size, type: look.type, read });
      if (served) {
        onAbort(closing.signal, () => served.stop());
        return show({ state: 'address', file: served.file, stage: served.stage });
      }
      const whole = await keeper().open(id);
      if (!whole) return show({ state: 'not-yet' });
      const address = URL.createObjectURL(whole.slice(0, whole.size, look.type));
      onAbort(closing.signal, () => URL.revokeObjectURL(address));
      show({ state: 'address', file: address, stage: undefined });
    } catch (error) {
      console.info('A received file cannot be shown.', error);
      show({ state: 'gone' });
    }
  }

  /** The browser cannot go on with what it shows, and not since it does not know how. Says so where the file was given up; else it may be tried again. */
  handleStopped(): void {
    const shown = this.#shown;
    if (shown && !this.#isLookedAt()) this.#shown = { ...shown, what: { state: 'gone' } };
  }

  close(): void {
    this.#closing?.abort();
    this.#shown = undefined;
  }
}

function onAbort(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback();
  else signal.addEventListener('abort', callback);
}
