// POST /admin/notice: the operator's word to every connected browser.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { parseNoticeRequest } from '@tincan/shared/signaling';
import type { Log } from '../core/log.ts';

/** A notice is at most 500 characters; this leaves room for any escaping of them. */
const MAX_BODY_BYTES = 4_096;

interface NoticeOptions {
  log: Log;
  adminToken: string | null;
  sendNotice: (text: string) => number;
}

interface Answer {
  status: number;
  body: object;
}

export async function handleNotice(request: IncomingMessage, options: NoticeOptions): Promise<Answer> {
  if (options.adminToken === null) return refuse(404, 'There is no admin interface. Set ADMIN_TOKEN to have one.');
  if (request.method !== 'POST') return refuse(405, 'Use POST.');
  if (!isAuthorized(request, options.adminToken)) {
    options.log.warn('notice refused: wrong admin token');
    return refuse(401, 'Send "Authorization: Bearer" with the admin token.');
  }
  const body = await readBody(request);
  if (body === undefined) return refuse(413, `The body may have ${MAX_BODY_BYTES} bytes.`);
  const parsed = parseNoticeRequest(body);
  if (!parsed.ok) return refuse(400, `Send {"text": a string of 1 to 500 characters}. ${parsed.error}`);

  const connections = options.sendNotice(parsed.value.text);
  options.log.info('notice sent', { connections });
  return { status: 200, body: { connections } };
}

/** Compares digests, which are of equal length whatever was sent, in constant time. */
function isAuthorized(request: IncomingMessage, adminToken: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  return timingSafeEqual(digest(given), digest(adminToken));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function refuse(status: number, error: string): Answer {
  return { status, body: { error } };
}
