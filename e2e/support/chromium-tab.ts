import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext, type Download, type Page } from '@playwright/test';
import { findChromium } from '../../scripts/browsers.mjs';
import { reportPolicyViolations, seeElements, type SavedFile, type Seen, type Tab } from './tab.ts';
import { until } from './until.ts';

const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Addresses behind mDNS names need a resolver that test machines do not have.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
  '--autoplay-policy=no-user-gesture-required',
];
/** A camera that shows a clock, a microphone that beeps. */
const FAKE_DEVICES = '--use-fake-device-for-media-stream';
/** Whoever has to be asked for devices says yes. */
const ALLOW_DEVICES = '--use-fake-ui-for-media-stream';

export interface ChromiumOptions {
  /** `none`: as on a machine without any; `refused`: there are some, and the person does not allow them. */
  devices?: 'allowed' | 'refused' | 'none';
  /** Pictures per second of the camera. */
  cameraRate?: number;
  /** The command that starts the browser, where it is not the browser itself; its arguments come after. */
  command?: string;
  args?: readonly string[];
  /** The person has gone past the browser's warning of a certificate that nobody has vouched for. */
  acceptsAnyCertificate?: boolean;
  /** A folder for downloads, which the browser lets a page make only one at a time of: its person has refused its question about several. */
  refusesSeveralInto?: string;
  /** Browsers keep a page of theirs that Playwright starts from ever being hidden. This one does not. */
  canBeHidden?: boolean;
  /** Called with the port by which such a browser is driven, before it is. */
  reach?: (port: number) => Promise<void>;
  /** Goes on with the profile of a browser that was killed. */
  profileOf?: ChromiumTab;
}

function deviceArgs({ devices = 'allowed', cameraRate = 20 }: ChromiumOptions): string[] {
  if (devices === 'none') return [];
  const fake = `${FAKE_DEVICES}=fps=${cameraRate}`;
  return devices === 'allowed' ? [fake, ALLOW_DEVICES] : [fake];
}

/** A browser whose downloads are its own matter, and whose pages may be hidden: one that Playwright starts is never asked whether it allows several. */
async function launchUndriven(
  path: string,
  args: string[],
  profile: string,
  { refusesSeveralInto: folder = join(profile, 'downloads'), reach }: ChromiumOptions,
): Promise<BrowserContext> {
  const preferences = {
    download: { default_directory: folder },
    profile: { default_content_setting_values: { automatic_downloads: 2 } },
  };
  await Promise.all([join(profile, 'Default'), folder].map((each) => mkdir(each, { recursive: true })));
  await writeFile(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const own = ['--headless', '--remote-debugging-port=0', `--user-data-dir=${profile}`, 'about:blank'];
  const child = spawn(path, [...args, ...own], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const end = async () => {
    child.kill();
    await ended;
  };
  try {
    const readPort = () => readFile(join(profile, 'DevToolsActivePort'), 'utf8').catch(() => '');
    const [port] = (await until('the port of the browser', readPort, (text) => text.includes('\n'))).split('\n');
    await reach?.(Number(port));
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`, { noDefaults: true });
    const context = browser.contexts()[0]!;
    const close = context.close.bind(context);
    context.close = async () => {
      await close();
      await end();
    };
    return context;
  } catch (error) {
    await end();
    throw error;
  }
}

/** A person with a Chromium process and a profile on disk of their own: a private window would keep OPFS in memory. */
export class ChromiumTab implements Tab {
  readonly problems: string[] = [];
  /** For what the common surface lacks. */
  readonly page: Page;
  readonly #context: BrowserContext;
  /** On the disk; `undefined` once another browser goes on with it. */
  #profile: string | undefined;

  /** Started by Playwright itself. */
  readonly #isDriven: boolean;

  private constructor(context: BrowserContext, page: Page, profile: string, isDriven: boolean) {
    this.page = page;
    this.#isDriven = isDriven;
    this.#context = context;
    this.#profile = profile;
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${message.text()} (${message.location().url})`);
    });
    page.on('pageerror', (error) => this.problems.push(String(error.stack ?? error)));
    page.on('crash', () => this.problems.push('the page crashed'));
  }

  static async launch(options: ChromiumOptions = {}): Promise<ChromiumTab> {
    const executablePath = options.command ?? findChromium();
    if (executablePath === undefined) throw new Error('No Chromium; npm test installs one.');
    const { profileOf } = options;
    const profile = profileOf ? profileOf.#giveProfile() : await mkdtemp(join(tmpdir(), 'tincan-chromium-'));
    const args = [...ARGS, ...deviceArgs(options), ...(options.args ?? [])];
    const isDriven = options.refusesSeveralInto === undefined && !options.canBeHidden;
    const context = isDriven
      ? await chromium.launchPersistentContext(profile, {
          executablePath,
          headless: true,
          acceptDownloads: true,
          ignoreHTTPSErrors: options.acceptsAnyCertificate ?? false,
          args,
        })
      : await launchUndriven(executablePath, args, profile, options);
    await context.addInitScript(reportPolicyViolations);
    const page = context.pages()[0] ?? (await context.newPage());
    return new ChromiumTab(context, page, profile, isDriven);
  }

  async open(url: string): Promise<void> {
    // From one room's link to another only the fragment changes: the page would stay.
    if (this.page.url() !== 'about:blank') await this.page.goto('about:blank');
    await this.page.goto(url);
  }

  async reload(): Promise<void> {
    await this.page.reload();
  }

  async click(selector: string): Promise<void> {
    await this.page.locator(selector).first().click();
  }

  async fill(selector: string, text: string): Promise<void> {
    await this.page.locator(selector).first().fill(text);
  }

  async chooseFiles(selector: string, paths: readonly string[]): Promise<void> {
    if (this.#isDriven)
      return this.page
        .locator(selector)
        .first()
        .setInputFiles([...paths]);
    // Playwright would send the files' bytes to a browser that it has not started itself, and no more than 50 MB.
    const session = await this.page.context().newCDPSession(this.page);
    const { root } = await session.send('DOM.getDocument');
    const { nodeId } = await session.send('DOM.querySelector', { nodeId: root.nodeId, selector });
    await session.send('DOM.setFileInputFiles', { files: [...paths], nodeId });
    await session.detach();
  }

  async select(selector: string, value: string): Promise<void> {
    await this.page.locator(selector).first().selectOption(value);
  }

  async evaluate<Argument, Result>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result> {
    return this.page.evaluate(run as (argument: unknown) => Result | Promise<Result>, argument);
  }

  async runFirst(script: () => void): Promise<void> {
    await this.page.addInitScript(script);
  }

  /**
   * Cuts every path of this browser, as if the cable had been pulled: the process that holds its sockets stands still. Gives what
   * mends it.
   */
  async cutNetwork(): Promise<() => void> {
    const processInfo = await this.#processes();
    const args = (pid: number) => spawnSync('ps', ['-ww', '-o', 'args=', '-p', String(pid)]).stdout.toString();
    const network = processInfo.find(({ id }) => args(id).includes('network.mojom.NetworkService'));
    if (!network) throw new Error('No network process.');
    process.kill(network.id, 'SIGSTOP');
    return () => process.kill(network.id, 'SIGCONT');
  }

  /** Lets the pages of this browser stand still, as those of a machine that has no time for them. Gives what lets them go on. */
  async stopPages(): Promise<() => void> {
    const pages = (await this.#processes()).filter(({ type }) => type === 'renderer');
    for (const { id } of pages) process.kill(id, 'SIGSTOP');
    return () => {
      for (const { id } of pages) process.kill(id, 'SIGCONT');
    };
  }

  /** SIGKILL to every process of this browser: nothing of it says goodbye to anyone. */
  async kill(): Promise<void> {
    const closed = new Promise((resolve) => this.#context.once('close', resolve));
    for (const { id } of await this.#processes())
      try {
        process.kill(id, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // it has gone with another one
      }
    await closed;
  }

  /** How much this browser may store for a site, in bytes, as if its disk had just so much. */
  async setQuota(origin: string, bytes: number): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: bytes });
  }

  /** From now on downloads go into this folder; without one, their person refuses each. */
  async downloadInto(folder?: string): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    const allowed = { behavior: 'allow', downloadPath: folder ?? '' } as const;
    await session.send('Page.setDownloadBehavior', folder === undefined ? { behavior: 'deny' } : allowed);
  }

  /** Drops files from the desktop onto the page, or onto an element of it; the page is given handles of them. */
  async dropFiles(paths: readonly string[], on?: string): Promise<void> {
    await this.#drop({ items: [], files: [...paths] }, on);
  }

  /** Drops what was dragged here from another page: its data by their MIME types. */
  async dropData(data: Readonly<Record<string, string>>, on?: string): Promise<void> {
    await this.#drop({ items: Object.entries(data).map(([mimeType, text]) => ({ mimeType, data: text })) }, on);
  }

  /** As the browser itself tells the page of a drag: the drop comes to nothing, or replaces the page, where the page does not take what is dragged. */
  async #drop(what: { items: { mimeType: string; data: string }[]; files?: string[] }, on?: string): Promise<void> {
    const session = await this.#context.newCDPSession(this.page);
    await this.page.locator('main').waitFor(); // whoever drops before the page stands meets only the browser
    const [x, y] = on === undefined ? [200, 200] : await this.#middleOf(on);
    const data = { ...what, dragOperationsMask: 1 };
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const)
      await session.send('Input.dispatchDragEvent', { type, x, y, data });
  }

  async #middleOf(selector: string): Promise<[number, number]> {
    const element = this.page.locator(selector).first();
    await element.scrollIntoViewIfNeeded();
    const box = await element.boundingBox();
    if (!box) throw new Error(`${selector} is not to be seen.`);
    return [box.x + box.width / 2, box.y + box.height / 2];
  }

  /** Another page of the same browser. */
  async openSecond(url: string): Promise<Page> {
    const page = await this.#context.newPage();
    await page.goto(url);
    return page;
  }

  async see(selector: string): Promise<Seen[]> {
    return this.page.locator(selector).evaluateAll(seeElements);
  }

  async download(selector: string, sizes: readonly number[]): Promise<SavedFile[]> {
    const downloads: Download[] = [];
    const all = new Promise<void>((resolve) => {
      this.page.on('download', (download) => {
        if (downloads.push(download) === sizes.length) resolve();
      });
    });
    await this.click(selector);
    await all;
    this.page.removeAllListeners('download');
    return Promise.all(
      downloads.map(async (download) => ({ path: await download.path(), name: download.suggestedFilename() })),
    );
  }

  #giveProfile(): string {
    const profile = this.#profile;
    if (profile === undefined) throw new Error('Another browser goes on with this profile.');
    this.#profile = undefined;
    return profile;
  }

  async #processes(): Promise<{ id: number; type: string }[]> {
    const session = await this.#context.browser()?.newBrowserCDPSession();
    if (!session) throw new Error('No session with the browser.');
    return (await session.send('SystemInfo.getProcessInfo')).processInfo;
  }

  async close(): Promise<void> {
    await this.#context.close();
    if (this.#profile !== undefined) await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
