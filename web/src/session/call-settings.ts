import type { DeviceKind } from './call-views.ts';

const UPSTREAM_KEY = 'tincan.upstream';
const KEYS_KEY = 'tincan.keys';
/** What a home's uplink carries nearly everywhere, with room for the rest, in bits per second. */
export const DEFAULT_UPSTREAM = 4_000_000;

/** What a person has chosen for calls, kept in this browser where it keeps anything for a page, else for as long as the page lives. */
export class CallSettings {
  readonly #here = new Map<string, string>();

  /** The most that is sent to all members of a call together, in bits per second. */
  get upstreamBitsPerSecond(): number {
    const bitsPerSecond = Number(this.#read(UPSTREAM_KEY));
    return bitsPerSecond > 0 && Number.isFinite(bitsPerSecond) ? bitsPerSecond : DEFAULT_UPSTREAM;
  }
  set upstreamBitsPerSecond(bitsPerSecond: number) {
    this.#write(UPSTREAM_KEY, `${bitsPerSecond}`);
  }

  /** Single letters act during a call: some people's tools type them by mistake. */
  get usesKeys(): boolean {
    return this.#read(KEYS_KEY) !== 'off';
  }
  set usesKeys(uses: boolean) {
    this.#write(KEYS_KEY, uses ? 'on' : 'off');
  }

  /** The device that was chosen; `undefined` for the system's own choice. */
  get(kind: DeviceKind): string | undefined {
    return this.#read(`tincan.${kind}`) || undefined;
  }
  set(kind: DeviceKind, id: string): void {
    this.#write(`tincan.${kind}`, id);
  }

  #read(key: string): string | undefined {
    try {
      return this.#here.get(key) ?? localStorage.getItem(key) ?? undefined;
    } catch (error) {
      console.info('This browser keeps nothing for this page.', error);
      return undefined;
    }
  }

  #write(key: string, value: string): void {
    this.#here.set(key, value);
    try {
      localStorage.setItem(key, value);
    } catch (error) {
      console.info('A choice could not be kept for the next visit.', error);
    }
  }
}
