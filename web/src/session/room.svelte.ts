import type { SessionId } from '@tincan/shared/introduction';
import type {
  ChatView,
  OfferView,
  PeerView,
  PickedFile,
  RoomProblem,
  ServerState,
  StagedView,
  TransferView,
} from './views.ts';

/** One room, from entering to leaving: everything that its page shows and can do. */
export class Room {
  /** The full URL to share, with the secret in its fragment. */
  readonly link: string;

  #serverState = $state<ServerState>('connecting');
  #problem = $state<RoomProblem>();
  #notice = $state<string>();
  #peers = $state.raw<readonly PeerView[]>([]);
  #offers = $state.raw<readonly OfferView[]>([]);
  #transfers = $state.raw<readonly TransferView[]>([]);
  #staged = $state.raw<readonly StagedView[]>([]);
  #messages = $state.raw<readonly ChatView[]>([]);

  constructor(link: string) {
    this.link = link;
  }

  get serverState() {
    return this.#serverState;
  }
  get problem() {
    return this.#problem;
  }
  /** The operator's latest notice, until it is dismissed. */
  get notice() {
    return this.#notice;
  }
  get peers() {
    return this.#peers;
  }
  /** Offers that wait for this person's answer. */
  get offers() {
    return this.#offers;
  }
  /** Every transfer of this room, both directions; running ones first. */
  get transfers() {
    return this.#transfers;
  }
  /** Files that are offered to everyone who joins. */
  get staged() {
    return this.#staged;
  }
  get messages() {
    return this.#messages;
  }

  /** Offers files to one peer, or to everyone; while nobody is there they are kept for whoever joins. */
  sendFiles(_files: readonly PickedFile[], _to?: SessionId): void {}
  unstage(_id: string): void {}
  accept(_offer: OfferView): void {}
  decline(_offer: OfferView): void {}
  cancel(_transfer: string): void {}
  /** Puts a received file into the person's downloads. */
  save(_transfer: string): void {}
  /** Puts every received file that is not yet saved into the downloads. */
  saveAll(): void {}
  /** Whether `saveToFolder` can work in this browser. */
  readonly canSaveToFolder: boolean = false;
  /** Asks for a folder and writes every unsaved received file into it, sub-folders kept. */
  async saveToFolder(): Promise<void> {}
  sendChat(_text: string): void {}
  dismissNotice(): void {
    this.#notice = undefined;
  }
  /** Leaves the room for good; running transfers end. */
  leave(): void {}
}
