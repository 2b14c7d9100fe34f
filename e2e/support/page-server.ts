import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { build, type Rollup } from 'vite';

/** Serves an empty page with one script of the source, bundled as the page's own is: its workers are files, at every path. */
export class PageServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `entry` is the script's path. */
  static async start(entry: string): Promise<PageServer> {
    const built = (await build({
      configFile: false,
      logLevel: 'error',
      base: './',
      worker: { format: 'es' },
      build: { write: false, assetsInlineLimit: 0, modulePreload: false, rollupOptions: { input: entry } },
    })) as Rollup.RollupOutput;
    const files = new Map(
      built.output.map((file) => [file.fileName, file.type === 'chunk' ? file.code : String(file.source)] as const),
    );
    const server = createServer(({ url = '' }, response) => {
      const name = /assets\/[^/]+$/.exec(url)?.[0];
      const script = name === undefined ? undefined : files.get(name);
      response.setHeader('Content-Type', name === undefined ? 'text/html' : 'text/javascript');
      if (name !== undefined && script === undefined) response.statusCode = 404;
      response.end(script ?? `<!doctype html><script type="module" src="./${built.output[0].fileName}"></script>`);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new PageServer(server);
  }

  /** The page at this path. */
  url(path = '/'): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}${path}`;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}
