import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { randomId } from '@tincan/shared/base64url';
import { MAX_DISPLAY_NAME_CHARS } from '@tincan/shared/limits';
import { createSecret, parseSecret } from '@tincan/shared/secret';
import { findLeftovers, type Leftover } from '../transfer/leftovers.ts';
import { download } from './downloads.ts';
import { friendlyName } from './friendly-name.ts';
import { Room } from './room.svelte.ts';
import type { PartialView, PickedFile } from './views.ts';

const NAME_KEY = 'tincan.name';

/** The whole page: either the home page, or one room. */
export class App {
  #room = $state.raw<Room>();
  #badLink = $state(false);
  #name = $state(rememberedName());

  readonly #leftovers = new SvelteMap<string, Leftover>();
  readonly #savedLeftovers = new SvelteSet<string>();

  constructor() {
    findLeftovers().then(
      (found) => found.forEach((leftover) => this.#leftovers.set(leftover.id, leftover)),
      (error: unknown) => console.warn('Could not look for files of earlier visits.', error),
    );
    addEventListener('hashchange', () => this.#followAddress());
    this.#followAddress();
  }

  /** The room of the address bar's fragment; none on the home page. */
  get room() {
    return this.#room;
  }
  /** The address bar holds something that is not the link of a room: most likely cut off when it was copied. */
  get badLink() {
    return this.#badLink;
  }
  /** The name that peers see; made up at the first visit, kept in this browser. At most 40 characters. */
  get name() {
    return this.#name;
  }

  /** Files that earlier visits received and never saved. */
  get leftovers(): PartialView[] {
    return [...this.#leftovers.values()].map(({ id, path, file }) => ({
      id,
      path,
      size: file.size,
      saved: this.#savedLeftovers.has(id),
    }));
  }
  saveLeftover(id: string): void {
    const leftover = this.#leftovers.get(id);
    if (!leftover) return;
    download(leftover.file, leftover.path);
    this.#savedLeftovers.add(id);
  }
  /** Deletes it from this browser for good. */
  async discardLeftover(id: string): Promise<void> {
    await this.#leftovers.get(id)?.discard();
    this.#leftovers.delete(id);
  }

  setName(name: string): void {
    this.#name = name.trim().slice(0, MAX_DISPLAY_NAME_CHARS) || friendlyName();
    this.#room?.setName(this.#name);
    rememberName(this.#name);
  }

  /** Makes a fresh room, puts its secret into the address bar and stages the files in it. */
  startRoom(files: readonly PickedFile[] = []): void {
    history.pushState(null, '', `#${createSecret()}`);
    this.#followAddress();
    this.#room?.sendFiles(files);
  }

  /** Back to the home page. */
  leaveRoom(): void {
    history.pushState(null, '', location.pathname);
    this.#followAddress();
  }

  #followAddress(): void {
    this.#room?.leave();
    const secret = parseSecret(location.hash);
    this.#badLink = !secret && location.hash.length > 1;
    // A session is one page in one room: whoever comes back is somebody new to the others.
    this.#room = secret ? new Room({ link: location.href, secret, me: randomId(), name: this.#name }) : undefined;
  }
}

/** Storage may be forbidden to a page; the name is then new at every visit. */
function rememberedName(): string {
  try {
    const name = localStorage.getItem(NAME_KEY) ?? friendlyName();
    localStorage.setItem(NAME_KEY, name);
    return name.slice(0, MAX_DISPLAY_NAME_CHARS);
  } catch (error) {
    console.info('This browser keeps nothing for this page.', error);
    return friendlyName();
  }
}

function rememberName(name: string): void {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch (error) {
    console.info('The name could not be kept for the next visit.', error);
  }
}
