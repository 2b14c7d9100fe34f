import { addTo } from '@tincan/engine/platform/groups';
import type { Receiver } from '@tincan/engine/transfer/receiver';
import type { Sender } from '@tincan/engine/transfer/sender';
import type { TransferViews } from './transfer-views.ts';

/** What a person can do about transfers of either direction, named by their keys. */
export class TransferCommands {
  readonly #views: TransferViews;

  constructor(views: TransferViews) {
    this.#views = views;
  }

  /** Stops them, and frees what has arrived of them. */
  cancel(keys: readonly string[]): void {
    for (const [side, ids] of this.#sides(keys)) side.cancel(ids);
  }

  pause(keys: readonly string[]): void {
    for (const [side, ids] of this.#sides(keys)) for (const id of ids) side.pause(id);
  }

  /** Goes on with those that are paused, or have failed. */
  resume(keys: readonly string[]): void {
    for (const [side, ids] of this.#sides(keys)) for (const id of ids) side.resume(id);
  }

  #sides(keys: readonly string[]): Map<Sender | Receiver, string[]> {
    const sides = new Map<Sender | Receiver, string[]>();
    for (const key of keys) {
      const found = this.#views.find(key);
      if (!found) continue;
      const side = found.view.direction === 'send' ? found.exchange.sender : found.exchange.receiver;
      addTo(sides, side, found.view.id);
    }
    return sides;
  }
}
