// The web app, read once into memory: no request touches the disk, so a rebuild under a running server breaks none.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { gzipSync } from 'node:zlib';

interface StaticFile {
  body: Buffer;
  gzipped: Buffer | undefined;
  headers: Record<string, string>;
}

/** Answers GET and HEAD for a known path; false if there is no such file. */
export type ServeStatic = (path: string, request: IncomingMessage, response: ServerResponse) => boolean;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};
const COMPRESSIBLE = /^(text|application)\/|svg/;
/** Below this many bytes a response fits into one packet anyway. */
const MIN_GZIP_BYTES = 1_024;

/** Reads every file under `root`. Files of `assets/` carry a hash of their content in their name and never change. */
export function loadStaticFiles(root: string): ServeStatic {
  const files = new Map<string, StaticFile>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const path = `/${relative(root, file).split(sep).join('/')}`;
    files.set(path.replace(/\/index\.html$/, '/'), load(file, path.startsWith('/assets/')));
  }

  return (path, request, response) => {
    const file = files.get(path);
    if (!file) return false;
    for (const [name, value] of Object.entries(file.headers)) response.setHeader(name, value);
    if (request.headers['if-none-match'] === file.headers['ETag']) {
      response.writeHead(304).end();
      return true;
    }
    const gzipped = acceptsGzip(request) ? file.gzipped : undefined;
    if (gzipped) response.setHeader('Content-Encoding', 'gzip');
    const body = gzipped ?? file.body;
    response.setHeader('Content-Length', body.length);
    response.end(request.method === 'HEAD' ? undefined : body);
    return true;
  };
}

function load(file: string, isImmutable: boolean): StaticFile {
  const body = readFileSync(file);
  const type = TYPES[extname(file)] ?? 'application/octet-stream';
  const isGzipped = COMPRESSIBLE.test(type) && body.length >= MIN_GZIP_BYTES;
  return {
    body,
    gzipped: isGzipped ? gzipSync(body) : undefined,
    headers: {
      'Content-Type': type,
      'Cache-Control': isImmutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ETag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
      ...(isGzipped ? { Vary: 'Accept-Encoding' } : {}),
    },
  };
}

function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!;\s*q=0(\.0+)?\s*(,|$))/.test(String(request.headers['accept-encoding'] ?? ''));
}
