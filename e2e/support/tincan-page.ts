import type { SavedFile, Seen, Tab } from './tab.ts';
import { until } from './until.ts';

/** One `transfer` on the page. */
export interface TransferSeen {
  id: string;
  direction: 'send' | 'receive';
  name: string;
  size: number;
  bytes: number;
  state: string;
  hash: string;
}

/** Which transfers are meant; without a field, all. */
export interface TransferFilter {
  name?: string;
  direction?: 'send' | 'receive';
}

const FINAL_STATES = ['done', 'failed', 'declined', 'cancelled'];
const TRANSFER_TIMEOUT_MS = 120_000;

/** The page as a person uses it, through the `data-testid` contract and nothing else. */
export class TincanPage {
  readonly tab: Tab;

  constructor(tab: Tab) {
    this.tab = tab;
  }

  /** Opens the home page, starts an empty room and gives its link. */
  async startRoom(url: string): Promise<string> {
    await this.tab.open(url);
    await this.tab.click(id('start-room'));
    return this.shareLink();
  }

  /** Gives the person a name, on the home page. */
  async rename(url: string, name: string): Promise<void> {
    await this.tab.open(url);
    await this.tab.click('header button');
    await this.tab.fill(id('setting-name'), name);
    await this.tab.click('dialog .primary');
  }

  /** Opens a room's link. */
  async join(link: string): Promise<void> {
    await this.tab.open(link);
    await this.shareLink();
  }

  async shareLink(): Promise<string> {
    const [link] = await this.waitFor('share-link', ([first]) => linkOf(first).includes('#'));
    return linkOf(link);
  }

  /** Waits until the elements with this test id are as `accepts` wants them. */
  async waitFor(testId: string, accepts: (seen: Seen[]) => boolean, timeoutMs?: number): Promise<Seen[]> {
    return until(`${testId} as expected`, () => this.tab.see(id(testId)), accepts, timeoutMs);
  }

  /** Waits until any of these is on the page, each by its selector, and says which are. */
  async waitForFirst<Name extends string>(selectors: Record<Name, string>): Promise<Record<Name, boolean>> {
    const names = Object.keys(selectors) as Name[];
    return until(
      `one of ${names.join(', ')}`,
      async () => {
        const seen = await Promise.all(
          names.map(async (name) => [name, (await this.tab.see(selectors[name])).length > 0]),
        );
        return Object.fromEntries(seen) as Record<Name, boolean>;
      },
      (found) => names.some((name) => found[name]),
    );
  }

  async waitForServerState(state: 'connecting' | 'online' | 'offline', timeoutMs?: number): Promise<void> {
    await this.waitFor('server-state', ([seen]) => seen?.data['state'] === state, timeoutMs);
  }

  /** Waits until exactly `count` peers are shown and all are connected; gives their session ids. */
  async waitForPeers(count: number, timeoutMs?: number): Promise<string[]> {
    const peers = await this.waitFor(
      'peer',
      (seen) => seen.length === count && seen.every(({ data }) => data['state'] === 'connected'),
      timeoutMs,
    );
    return peers.map(({ data }) => data['peer-id'] ?? '');
  }

  async chooseFiles(...paths: string[]): Promise<void> {
    await this.tab.chooseFiles(id('file-input'), paths);
  }

  async chooseFolder(path: string): Promise<void> {
    await this.tab.chooseFiles(id('folder-input'), [path]);
  }

  /** Waits for an offer and accepts it. */
  async accept(): Promise<void> {
    await this.tab.click(`${id('incoming-offer')} ${id('accept')}`);
  }

  /** Waits for an offer and declines it. */
  async decline(): Promise<void> {
    await this.tab.click(`${id('incoming-offer')} ${id('decline')}`);
  }

  async transfers(filter: TransferFilter = {}): Promise<TransferSeen[]> {
    return (await this.tab.see(selectorOf(filter))).map(({ data }) => ({
      id: data['transfer-id'] ?? '',
      direction: data['direction'] === 'send' ? 'send' : 'receive',
      name: data['name'] ?? '',
      size: Number(data['size']),
      bytes: Number(data['bytes']),
      state: data['state'] ?? '',
      hash: data['hash'] ?? '',
    }));
  }

  /** Waits until a transfer of this kind is in the state, and fails at once where it can no longer get there. */
  async waitForTransfer(filter: TransferFilter, state: string, timeoutMs?: number): Promise<TransferSeen> {
    const [transfer] = await this.waitForTransfers(filter, state, 1, timeoutMs);
    return transfer as TransferSeen;
  }

  /** Waits until exactly `count` transfers of this kind are shown and all are in the state. */
  async waitForTransfers(
    filter: TransferFilter,
    state: string,
    count: number,
    timeoutMs = TRANSFER_TIMEOUT_MS,
  ): Promise<TransferSeen[]> {
    const ended = (one: TransferSeen) => one.state !== state && FINAL_STATES.includes(one.state);
    const found = await until(
      `${count} × ${JSON.stringify(filter)} ${state}`,
      () => this.transfers(filter),
      (all) => all.some(ended) || (all.length === count && all.every((one) => one.state === state)),
      timeoutMs,
    );
    const lost = found.find(ended);
    if (lost) throw new Error(`${lost.name} is ${lost.state} and will not be ${state}. ${this.tab.problems.join(' ')}`);
    return found;
  }

  /** Waits until a transfer of this kind has at least so many durable bytes. */
  async waitForBytes(filter: TransferFilter, bytes: number, timeoutMs = TRANSFER_TIMEOUT_MS): Promise<TransferSeen> {
    const found = await until(
      `${bytes} bytes of ${JSON.stringify(filter)}`,
      () => this.transfers(filter),
      ([one]) => (one?.bytes ?? 0) >= bytes,
      timeoutMs,
    );
    return found[0] as TransferSeen;
  }

  /** Waits until the list counts so many done transfers; right for lists that do not show every row. */
  async waitForDone(count: number, timeoutMs = TRANSFER_TIMEOUT_MS): Promise<void> {
    await this.waitFor('transfer-list', ([list]) => Number(list?.data['done']) === count, timeoutMs);
  }

  async cancel(filter: TransferFilter): Promise<void> {
    await this.tab.click(`${selectorOf(filter)} ${id('cancel')}`);
  }

  /** Saves a received file and waits until it is whole in the downloads. */
  async save(name: string): Promise<SavedFile> {
    const { size } = await this.waitForTransfer({ name, direction: 'receive' }, 'done');
    const [saved] = await this.tab.download(`${selectorOf({ name, direction: 'receive' })} ${id('save')}`, [size]);
    return saved as SavedFile;
  }

  /** Saves every received file that is not saved yet: as one archive. */
  async saveAll(timeoutMs?: number): Promise<SavedFile> {
    const [saved] = await this.tab.download(id('save-all'), [0], timeoutMs);
    return saved as SavedFile;
  }

  async say(text: string): Promise<void> {
    await this.tab.fill(id('chat-input'), text);
    await this.tab.click(id('chat-send'));
  }

  async waitForMessage(text: string): Promise<void> {
    await this.waitFor('chat-message', (messages) => messages.some((message) => message.text.includes(text)));
  }
}

/** Two people come into a room and are linked; gives its link. */
export async function meet(first: TincanPage, second: TincanPage, url: string): Promise<string> {
  const link = await first.startRoom(url);
  await second.join(link);
  await Promise.all([first.waitForPeers(1), second.waitForPeers(1)]);
  return link;
}

/** The CSS selector of a test id. */
export function id(testId: string): string {
  return `[data-testid="${testId}"]`;
}

function selectorOf({ name, direction }: TransferFilter): string {
  const byName = name === undefined ? '' : `[data-name=${JSON.stringify(name)}]`;
  const byDirection = direction === undefined ? '' : `[data-direction="${direction}"]`;
  return id('transfer') + byName + byDirection;
}

/** The link is the element's value or its text. */
function linkOf(seen: Seen | undefined): string {
  return seen === undefined ? '' : seen.value || seen.text;
}
