import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launch, type Browser, type ElementHandle, type Page } from 'puppeteer-core';
import { findFirefox } from '../../scripts/browsers.mjs';
import type { ChromiumOptions } from './chromium-tab.ts';
import { reportPolicyViolations, seeElements, type SavedFile, type Seen, type Tab } from './tab.ts';
import { until } from './until.ts';

export type FirefoxOptions = Pick<ChromiumOptions, 'command'>;

/** A person with a Firefox of their own, driven over WebDriver BiDi. */
export class FirefoxTab implements Tab {
  readonly problems: string[] = [];
  /** For what the common surface lacks. */
  readonly page: Page;
  readonly #browser: Browser;
  readonly #downloads: string;

  private constructor(browser: Browser, page: Page, downloads: string) {
    this.page = page;
    this.#browser = browser;
    this.#downloads = downloads;
    page.on('console', (message) => {
      if (message.type() === 'error') this.problems.push(`${message.text()} (${message.location().url ?? ''})`);
    });
    // A page that is left in the middle of something asks; whoever reloads it means it.
    page.on('dialog', (dialog) => void dialog.accept());
    page.on('pageerror', (error) => this.problems.push(String(error)));
  }

  static async launch(options: FirefoxOptions = {}): Promise<FirefoxTab> {
    const executablePath = options.command ?? findFirefox();
    if (executablePath === undefined) throw new Error('No Firefox; npm test installs one.');
    const downloads = await mkdtemp(join(tmpdir(), 'tincan-firefox-'));
    const browser = await launch({
      browser: 'firefox',
      executablePath,
      headless: true,
      extraPrefsFirefox: {
        'media.peerconnection.ice.obfuscate_host_addresses': false,
        'media.peerconnection.ice.loopback': true,
        'media.navigator.streams.fake': true,
        'media.navigator.permission.disabled': true,
        'media.autoplay.default': 0,
        'browser.download.folderList': 2,
        'browser.download.dir': downloads,
        'browser.download.useDownloadDir': true,
        'browser.download.always_ask_before_handling_new_types': false,
        'browser.helperApps.neverAsk.saveToDisk': 'application/octet-stream',
      },
    });
    const [first] = await browser.pages();
    const page = first ?? (await browser.newPage());
    await page.evaluateOnNewDocument(reportPolicyViolations);
    return new FirefoxTab(browser, page, downloads);
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
    await this.page.locator(selector).click();
  }

  async fill(selector: string, text: string): Promise<void> {
    await this.page.locator(selector).fill(text);
  }

  async chooseFiles(selector: string, paths: readonly string[]): Promise<void> {
    const input = await this.page.waitForSelector(selector);
    if (!input) throw new Error(`No ${selector}.`);
    await (input as ElementHandle<HTMLInputElement>).uploadFile(...paths);
  }

  async select(selector: string, value: string): Promise<void> {
    await this.page.select(selector, value);
  }

  async evaluate<Argument, Result>(
    run: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result> {
    return this.page.evaluate(run as (argument: unknown) => Result | Promise<Result>, argument);
  }

  async runFirst(script: () => void): Promise<void> {
    await this.page.evaluateOnNewDocument(script);
  }

  async see(selector: string): Promise<Seen[]> {
    return this.page.$$eval(selector, seeElements);
  }

  async download(selector: string, sizes: readonly number[], timeoutMs?: number): Promise<SavedFile[]> {
    const before = new Set(await readdir(this.#downloads));
    await this.click(selector);
    const names = await until(
      `downloads of ${sizes.join(', ')} bytes in Firefox`,
      async () => (await readdir(this.#downloads)).filter((name) => !before.has(name)),
      // While a file is being written, its other half is called *.part.
      (found) => found.length === sizes.length && !found.some((name) => name.endsWith('.part')),
      timeoutMs,
    );
    const saved = names.map((name) => ({ path: join(this.#downloads, name), name }));
    const wanted = [...sizes].sort((a, b) => a - b);
    await until(
      `${wanted.join()} bytes in Firefox's downloads`,
      async () => (await Promise.all(saved.map(async ({ path }) => (await stat(path)).size))).sort((a, b) => a - b),
      (found) => found.every((size, index) => size === wanted[index] || (wanted[index] === 0 && size > 0)),
      timeoutMs,
    );
    return saved;
  }

  async close(): Promise<void> {
    await this.#browser.close();
    await rm(this.#downloads, { recursive: true, force: true });
  }
}
