import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { randomId } from '@tincan/shared/base64url';
import { MAX_DISPLAY_NAME_CHARS, MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { createSecret, parseSecret } from '@tincan/shared/secret';
import { signalingUrl } from '@tincan/engine/signaling/signaling-client';
import { findLeftovers, type Leftover } from '../storage/leftovers.ts';
import { download } from './downloads.ts';
import { enterCode } from './enter-code.ts';
import { friendlyName } from './friendly-name.ts';
import { Room } from './room.svelte.ts';
import type { CodeProblem, PartialView, PickedFile } from './views.ts';

const NAME_KEY = 'tincan.name';

/** The whole page: either the home page, or one room. */
export class App {
  #room = $state.raw<Room>();
  #badLink = $state(false);
  #name = $state(rememberedName());

  readonly #leftovers = new SvelteMap<string, Leftover>();
  readonly #savedLeftovers = new SvelteSet<string>();

  #leaveAsked = $state(false);
  #codeProblem = $state<CodeProblem>();
  #codeAttempt = $state.raw<AbortController>();
  /** Codes that were tried on this page: who is in between may guess once for each try, so there is only one. */
  #spentCodes: readonly string[] = [];

  constructor() {
    addEventListener('hashchange', () => this.#handleAddress());
    this.#followAddress();
    void this.#findLeftovers();
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

  /** The address bar has left a room that has something to lose: the page asks, and answers with `leaveRoom` or `stay`. */
  get leaveAsked() {
    return this.#leaveAsked;
  }
  stay(): void {
    this.#leaveAsked = false;
  }
  /** Files that earlier visits received and did not save, or only just. */
  get leftovers(): PartialView[] {
    return [...this.#leftovers.values()].map(({ id, path, file, saved }) => ({
      id,
      path,
      size: file.size,
      saved: saved || this.#savedLeftovers.has(id),
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

  /** Makes a fresh room, puts its secret into the address bar and stages the files in it. False if they are too many. */
  startRoom(files: readonly PickedFile[] = []): boolean {
    if (files.length > MAX_FILES_PER_OFFER) return false;
    this.#goTo(createSecret());
    return this.#room?.sendFiles(files) ?? false;
  }

  /** A typed code is being tried. */
  get enteringCode() {
    return this.#codeAttempt !== undefined;
  }
  /** Why the last typed code led nowhere. */
  get codeProblem() {
    return this.#codeProblem;
  }

  /** Goes to the room that a spoken code leads to, if it leads anywhere. */
  async enterCode(text: string): Promise<void> {
    if (this.#codeAttempt) return; // a second press of Enter must not give up the one try
    const secret = parseSecret(text.trim().split('#').at(-1) ?? '');
    if (secret && /[^\d\s-]/.test(text)) return this.#goTo(secret); // somebody has pasted the link
    const digits = text.normalize('NFKC').replace(/\D/g, '');
    this.#codeProblem = this.#spentCodes.includes(digits) ? 'used' : undefined;
    if (this.#codeProblem) return;
    const attempt = new AbortController();
    this.#codeAttempt = attempt;
    const outcome = await enterCode(text, { url: signalingUrl(location), signal: attempt.signal });
    if (outcome.spent) this.#spentCodes = [...this.#spentCodes, digits];
    if (this.#codeAttempt !== attempt) return;
    this.#codeAttempt = undefined;
    if (outcome.ok) this.#goTo(outcome.value);
    else this.#codeProblem = outcome.error;
  }

  cancelCode(): void {
    this.#codeAttempt?.abort();
    this.#codeAttempt = undefined;
  }

  /** Back to the home page. */
  leaveRoom(): void {
    this.#leaveAsked = false;
    history.pushState(null, '', location.pathname);
    this.#followAddress();
  }

  #goTo(secret: string): void {
    history.pushState(null, '', `#${secret}`);
    this.#followAddress();
  }

  /** The person changed the address, or went back. */
  #handleAddress(): void {
    const room = this.#room;
    if (room && location.href === room.link) return;
    if (room?.hasSomethingToLose) {
      history.pushState(null, '', room.link);
      this.#leaveAsked = true;
      return;
    }
    this.#followAddress();
  }

  #followAddress(): void {
    this.cancelCode();
    this.#codeProblem = undefined;
    void this.#room?.leave().then(() => this.#findLeftovers());
    const secret = parseSecret(location.hash);
    this.#badLink = !secret && location.hash.length > 1;
    // A session is one page in one room: whoever comes back is somebody new to the others.
    this.#room = secret
      ? new Room({
          link: location.href,
          visit: randomId(),
          name: this.#name,
          onMoved: (link) => history.replaceState(null, '', link),
        })
      : undefined;
  }

  async #findLeftovers(): Promise<void> {
    try {
      for (const leftover of await findLeftovers()) this.#leftovers.set(leftover.id, leftover);
    } catch (error) {
      console.warn('Could not look for files of earlier visits.', error);
    }
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
