import type { Tab } from './tab.ts';

declare global {
  interface Window {
    /** Bytes of frames that this page has handed to its channels since it was loaded. */
    sentFrameBytes: number;
  }
}

/** Runs in the page before its own scripts: counts what it sends of files. It changes nothing of what is sent. */
function installFrameProbe(): void {
  window.sentFrameBytes = 0;
  type Send = (this: RTCDataChannel, data: string | ArrayBufferView<ArrayBuffer>) => void;
  const prototype = RTCDataChannel.prototype as unknown as { send: Send };
  const native = prototype.send;
  prototype.send = function (data) {
    if (typeof data !== 'string') window.sentFrameBytes += data.byteLength;
    native.call(this, data);
  };
}

/** Counts the bytes of frames that a page hands to its channels. To be made before the page is opened. */
export class FrameProbe {
  readonly #tab: Tab;
  #before = 0;

  private constructor(tab: Tab) {
    this.#tab = tab;
  }

  static async of({ tab }: { tab: Tab }): Promise<FrameProbe> {
    await tab.runFirst(installFrameProbe);
    return new FrameProbe(tab);
  }

  /** What the page has sent so far, over its reloads. */
  async bytes(): Promise<number> {
    return this.#before + (await this.#tab.evaluate(() => window.sentFrameBytes, undefined));
  }

  /** The page is about to be loaded anew. */
  async handleReload(): Promise<void> {
    this.#before = await this.bytes();
  }
}
