import { Room } from './room.svelte.ts';
import type { PickedFile } from './views.ts';

/** The whole page: either the home page, or one room. */
export class App {
  #room = $state<Room>();
  #name = $state('');

  /** The room of the address bar's fragment; none on the home page. */
  get room() {
    return this.#room;
  }
  /** The name that peers see; made up at the first visit, kept in this browser. At most 40 characters. */
  get name() {
    return this.#name;
  }
  setName(name: string): void {
    this.#name = name;
  }
  /** Makes a fresh room, puts its secret into the address bar and stages the files in it. */
  startRoom(_files: readonly PickedFile[] = []): void {}
  /** Back to the home page. */
  leaveRoom(): void {}
}
