// What an option's text may be: each parser gives the value, or the end of a sentence that says what is wrong with it.
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Result } from '@tincan/shared/result';
import { parseIceServers, type IceServer } from '@tincan/shared/signaling';
import proxyAddr from 'proxy-addr';

export const DEFAULT_ICE_SERVERS = '[{"urls":["stun:stun.cloudflare.com:3478","stun:stun.l.google.com:19302"]}]';

export function integer(min: number, max: number) {
  return (text: string): Result<number, string> => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max
      ? ok(value)
      : wrong(`is "${text}"; it must be a whole number from ${min} to ${max}.`);
  };
}

export function orOff<T>(parse: (text: string) => Result<T, string>) {
  return (text: string): Result<T | null, string> => (text === 'off' ? ok(null) : parse(text));
}

export function readableFile(text: string): Result<string, string> {
  return existsSync(text) ? ok(text) : wrong(`is "${text}", but there is no such file.`);
}

export function webRoot(text: string): Result<string, string> {
  if (existsSync(join(text, 'index.html'))) return ok(text);
  return wrong(`is "${text}", but there is no index.html in it. Run "npm run build" first, or set it to "off".`);
}

export function origins(text: string): Result<string[], string> {
  const list = text.split(',').map((item) => item.trim().toLowerCase());
  const bad = list.find((item) => !URL.canParse(item) || new URL(item).origin !== item);
  return bad === undefined
    ? ok(list)
    : wrong(`contains "${bad}"; an origin looks like https://example.org or http://localhost:5173.`);
}

export function proxies(text: string): Result<string[], string> {
  const list = text.split(',').map((item) => item.trim().toLowerCase());
  const bad = list.find((item) => !areProxies(item));
  return bad === undefined
    ? ok(list)
    : wrong(`contains "${bad}"; it takes addresses, ranges like 10.0.0.0/8, and loopback, linklocal, uniquelocal.`);
}

export function adminToken(text: string): Result<string, string> {
  return /^[\x21-\x7e]{16,}$/.test(text)
    ? ok(text)
    : wrong('must be 16 or more visible ASCII characters without spaces.');
}

/** Also refuses what a browser would throw at. */
export function iceServers(text: string): Result<IceServer[], string> {
  const hint = `It looks like ${DEFAULT_ICE_SERVERS}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return wrong(`is not JSON. ${hint}`);
  }
  const parsed = parseIceServers(value);
  if (!parsed.ok) return wrong(`does not fit: ${parsed.error} ${hint}`);
  for (const { urls, username, credential } of parsed.value) {
    for (const url of [urls].flat()) {
      if (!/^(stuns?|turns?):[^/\s]+$/i.test(url))
        return wrong(`contains "${url}"; a URL starts with stun:, turn: or turns:.`);
      if (/^turn/i.test(url) && !(username && credential)) return wrong(`lacks username and credential for "${url}".`);
    }
  }
  return parsed;
}

export function anyText(text: string): Result<string, string> {
  return ok(text);
}

function areProxies(item: string): boolean {
  // To proxy-addr `1` is the address 0.0.0.1; whoever writes it means a number of proxies, which is not supported.
  if (!/^[a-z]+$/.test(item) && isIP(item.split('/', 1)[0]!) === 0) return false;
  try {
    proxyAddr.compile(item);
    return true;
  } catch {
    return false; // the caller says what would fit
  }
}

function ok<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

function wrong(error: string): Result<never, string> {
  return { ok: false, error };
}
