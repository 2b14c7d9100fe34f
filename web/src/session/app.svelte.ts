import { MAX_DISPLAY_NAME_CHARS, MAX_FILES_PER_OFFER } from '@tincan/shared/limits';
import { createSecret, parseSecret } from '@tincan/shared/secret';
import { signalingUrl } from '@tincan/engine/signaling/signaling-client';
import { Downloads } from '../storage/downloads.ts';
import { openStorage } from '../storage/open-storage.ts';
import { startPageWorker } from '../storage/page-worker.ts';
import { ServedFiles } from '../storage/served-files.ts';
import { enterCode } from './enter-code.ts';
import { isAnyWanted } from '@tincan/engine/room/wanted-files';
import { friendlyName } from './friendly-name.ts';
import { startHiddenTimers } from './hidden-timers.ts';
import { KeptFiles } from './kept-files.svelte.ts';
import { Room } from './room.svelte.ts';
import type { CodeProblem, PartialView, PickedFile } from './views.ts';

const NAME_KEY = 'tincan.name';

/** The whole page: either the home page, or one room. */
export class App {
  #room = $state.raw<Room>();
  #badLink = $state(false);
  #name = $state(rememberedName());

  readonly #storage = openStorage();
  readonly #worker = startPageWorker();
  readonly #downloads = new Downloads(this.#worker);
  readonly #served = new ServedFiles(this.#worker);
  readonly #timers = startHiddenTimers();
  /** What earlier visits have left. */
  readonly kept = new KeptFiles(this.#storage, this.#downloads);

  #notLoaded = $state(false);
  #leaveAsked = $state(false);
  #codeProblem = $state<CodeProblem>();
  #codeAttempt = $state.raw<AbortController>();
  /** Codes that were tried on this page: who is in between may guess once for each try, so there is only one. */
  #spentCodes: readonly string[] = [];

  constructor() {
    addEventListener('hashchange', () => this.#handleAddress());
    this.#followAddress();
    void this.kept.refresh().then(() => this.kept.goOnSaving());
    Promise.all([this.#storage, this.#timers]).catch((error: unknown) => {
      console.error('A worker of this page cannot be started.', error);
      this.#notLoaded = true;
    });
  }

  /** The room of the address bar's fragment; none on the home page. */
  get room() {
    return this.#room;
  }
  /** The address bar holds something that is not the link of a room: most likely cut off when it was copied. */
  get badLink() {
    return this.#badLink;
  }
  /** A part of the page that every room takes could not be fetched: nothing can be sent or received, or shown of earlier visits, before it is loaded anew. */
  get notLoaded() {
    return this.#notLoaded;
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
  /** Files of earlier visits that are unfinished, or were not saved; without those that the room shows as its own. */
  get partials(): PartialView[] {
    return this.kept.list(this.#room?.ownOffers ?? []);
  }
  /** Goes to the room where an unfinished file goes on. */
  goOn({ link }: PartialView): void {
    const secret = secretOf(link);
    if (secret) this.#goTo(secret);
  }

  setName(name: string): void {
    this.#name = name.trim().slice(0, MAX_DISPLAY_NAME_CHARS) || friendlyName();
    this.#room?.setName(this.#name);
    rememberName(this.#name);
  }

  /** Makes a fresh room, puts its secret into the address bar and stages the files in it. False if they are too many. */
  startRoom(files: readonly PickedFile[] = []): boolean {
    if (files.length > MAX_FILES_PER_OFFER) return false;
    void this.#start(files);
    return true;
  }

  async #start(files: readonly PickedFile[]): Promise<void> {
    const link = files.length === 0 ? undefined : await this.#roomThatWaitsFor(files);
    this.#goTo(secretOf(link) ?? createSecret());
    this.#room?.sendFiles(files);
  }

  /** The room in which a send of an earlier visit waits for one of these files. */
  async #roomThatWaitsFor(files: readonly PickedFile[]): Promise<string | undefined> {
    try {
      const { ledger } = await this.#storage;
      for (const { link, files: waiting } of await ledger.list()) if (isAnyWanted(waiting, files)) return link;
    } catch (error) {
      console.warn('Could not look for sends of earlier visits.', error);
    }
    return undefined;
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
    if (this.#room) void this.kept.refreshAfter(this.#room.leave()).then(() => this.kept.goOnSaving());
    const secret = parseSecret(location.hash);
    this.#badLink = !secret && location.hash.length > 1;
    // A session is one page in one room: whoever comes back is somebody new to the others.
    this.#room = secret
      ? new Room({
          link: location.href,
          storage: this.#storage,
          downloads: this.#downloads,
          served: this.#served,
          timers: this.#timers,
          name: this.#name,
          onMoved: (link) => history.replaceState(null, '', link),
        })
      : undefined;
  }
}

function secretOf(link: string | undefined): string | undefined {
  return parseSecret(link?.split('#')[1] ?? '');
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
