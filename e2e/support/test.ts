import { test as base } from '@playwright/test';
import { ChromiumTab, type ChromiumOptions } from './chromium-tab.ts';
import { CountingProxy } from './counting-proxy.ts';
import { Files } from './files.ts';
import { FirefoxTab, type FirefoxOptions } from './firefox-tab.ts';
import { HostileProxy } from './hostile-proxy.ts';
import { ServerProcess } from './server.ts';
import { TincanPage } from './tincan-page.ts';

/** A person at a Chromium. */
export type Person = TincanPage & { readonly tab: ChromiumTab };

interface Fixtures {
  /** Started with the default configuration. */
  server: ServerProcess;
  /** Starts a server with a configuration of its own. */
  startServer: (env: Record<string, string>) => Promise<ServerProcess>;
  /** Puts a counting proxy before a server. */
  startProxy: (server: ServerProcess) => Promise<CountingProxy>;
  /** Puts a proxy before a server that does with the signaling what the test tells it. */
  startHostileProxy: (server: ServerProcess) => Promise<HostileProxy>;
  openPerson: (options?: ChromiumOptions) => Promise<Person>;
  openFirefox: (options?: FirefoxOptions) => Promise<TincanPage>;
  files: Files;
}

/** Playwright's `test` with what Tincan's tests need; all of it is ended and removed after the test, however it went. */
export const test = base.extend<Fixtures>({
  startServer: async ({}, use) => {
    const started: ServerProcess[] = [];
    await use(async (env) => {
      const server = await ServerProcess.start(env);
      started.push(server);
      return server;
    });
    await Promise.all(started.map((server) => server.kill()));
  },
  server: async ({ startServer }, use) => {
    await use(await startServer({}));
  },
  startProxy: async ({}, use) => {
    const started: CountingProxy[] = [];
    await use(async (server) => {
      const proxy = await CountingProxy.listen(server.port);
      started.push(proxy);
      return proxy;
    });
    await Promise.all(started.map((proxy) => proxy.close()));
  },
  startHostileProxy: async ({}, use) => {
    const started: HostileProxy[] = [];
    await use(async (server) => {
      const proxy = await HostileProxy.listen(server.port);
      started.push(proxy);
      return proxy;
    });
    await Promise.all(started.map((proxy) => proxy.close()));
  },
  openPerson: async ({}, use) => {
    const opened: ChromiumTab[] = [];
    await use(async (options) => {
      const tab = await ChromiumTab.launch(options);
      opened.push(tab);
      return new TincanPage(tab) as Person;
    });
    await Promise.all(opened.map((tab) => tab.close()));
  },
  openFirefox: async ({}, use) => {
    const opened: FirefoxTab[] = [];
    await use(async (options) => {
      const tab = await FirefoxTab.launch(options);
      opened.push(tab);
      return new TincanPage(tab);
    });
    await Promise.all(opened.map((tab) => tab.close()));
  },
  files: async ({}, use) => {
    const files = await Files.create();
    await use(files);
    await files.remove();
  },
});
export { expect } from '@playwright/test';
