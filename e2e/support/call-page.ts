import { installMediaProbe, MediaProbe } from './media-probe.ts';
import { id, type TincanPage } from './tincan-page.ts';
import { until } from './until.ts';

/** Encoding and decoding for everyone on one slow machine takes its time. Nothing waits so long in vain. */
const MEDIA_TIMEOUT_MS = 45_000;

/** The part of the page that is about calls, as a person uses it. To be made before the page is opened. */
export class CallPage {
  readonly page: TincanPage;
  readonly probe: MediaProbe;

  private constructor(page: TincanPage) {
    this.page = page;
    this.probe = new MediaProbe(page.tab);
  }

  static async of(page: TincanPage): Promise<CallPage> {
    await page.tab.runFirst(installMediaProbe);
    return new CallPage(page);
  }

  /** Calls everyone, or enters the call that is running. */
  async call(kind: 'audio' | 'video'): Promise<void> {
    await this.page.tab.click(id(`call-${kind}`));
  }

  async accept(): Promise<void> {
    await this.page.tab.click(`${id('incoming-call')} ${id('call-accept')}`);
  }

  async decline(): Promise<void> {
    await this.page.tab.click(`${id('incoming-call')} ${id('call-decline')}`);
  }

  async hangUp(): Promise<void> {
    await this.page.tab.click(id('hang-up'));
  }

  async press(testId: string): Promise<void> {
    await this.page.tab.click(id(testId));
  }

  /** Waits until this page is in a call with exactly so many others, all of them live; gives the tiles' data. */
  async waitForLive(count: number, timeoutMs?: number): Promise<Record<string, string>[]> {
    return this.waitForMembers(count, 'live', timeoutMs);
  }

  async waitForMembers(count: number, state: string, timeoutMs?: number): Promise<Record<string, string>[]> {
    const members = await this.page.waitFor(
      'call-member',
      (seen) => seen.length === count && seen.every(({ data }) => data['state'] === state),
      timeoutMs,
    );
    return members.map(({ data }) => data);
  }

  /** Waits until there is no call on this page. */
  async waitForNoCall(timeoutMs?: number): Promise<void> {
    await this.page.waitFor('call', (seen) => seen.length === 0, timeoutMs);
  }

  /** Waits until there is no call here, and none that this page could come to: the same button calls, and comes to what runs. */
  async waitForQuiet(): Promise<void> {
    await this.waitForNoCall();
    await this.page.waitFor('call-running', (seen) => seen.length === 0);
  }

  /** Waits until every one of exactly so many remote pictures has gone on by at least this many. */
  async waitForPictures(count: number, more = 3, source: 'camera' | 'screen' = 'camera'): Promise<void> {
    const before = await until(
      `${count} pictures of a ${source}`,
      () => this.probe.pictures(source),
      (pictures) => Object.keys(pictures).length === count,
      MEDIA_TIMEOUT_MS,
    );
    await until(
      `${count} × ${more} more pictures of a ${source}`,
      () => this.probe.pictures(source),
      (now) => Object.entries(before).every(([peer, shown]) => (now[peer] ?? 0) >= shown + more),
      MEDIA_TIMEOUT_MS,
    );
  }

  /** Waits until more sound has come from each of so many members. */
  async waitForSound(count = 1): Promise<void> {
    const before = await until(
      `sound of ${count}`,
      () => this.probe.soundEnergies(),
      (energies) => energies.length >= count,
      MEDIA_TIMEOUT_MS,
    );
    await until(
      `more sound of ${count}`,
      () => this.probe.soundEnergies(),
      (energies) => energies.filter((energy, index) => energy > (before[index] ?? 0)).length >= count,
      MEDIA_TIMEOUT_MS,
    );
  }
}
