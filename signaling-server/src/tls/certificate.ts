import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { generate } from 'selfsigned';

export interface Certificate {
  cert: string;
  key: string;
}

interface SelfSignedOptions {
  /** Where it is kept between starts. */
  dir: string;
  /** Host names and IP addresses that it has to be good for. */
  names: readonly string[];
  now: Date;
}

/** Browsers accept 398 days at most. */
const VALID_DAYS = 397;
/** Renewed this long before it ends, so that it does not end while the server runs between two updates. */
const RENEW_DAYS = 30;
const DAY_MS = 86_400_000;

/** The self-signed certificate of an earlier start if it is still good for all names, else a new one. */
export async function loadSelfSignedCertificate(options: SelfSignedOptions): Promise<Certificate> {
  const certFile = join(options.dir, 'cert.pem');
  const keyFile = join(options.dir, 'key.pem');
  const kept = readKept(certFile, keyFile);
  if (kept && isGood(kept, options)) return kept;

  const created = await create(options);
  mkdirSync(options.dir, { recursive: true, mode: 0o700 });
  for (const [file, text] of [
    [certFile, created.cert],
    [keyFile, created.key],
  ] as const) {
    rmSync(file, { force: true }); // an existing file would keep its mode
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  }
  return created;
}

async function create({ names, now }: SelfSignedOptions): Promise<Certificate> {
  const altNames = names.map((name) =>
    isIP(name) ? ({ type: 7, ip: name } as const) : ({ type: 2, value: name } as const),
  );
  const made = await generate([{ name: 'commonName', value: 'Tincan' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now.getTime() - DAY_MS), // for clocks that are a little behind
    notAfterDate: new Date(now.getTime() + (VALID_DAYS - 1) * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert: made.cert, key: made.private };
}

function readKept(certFile: string, keyFile: string): Certificate | undefined {
  try {
    return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  } catch {
    return undefined; // the first start, or unreadable: a new one is written, and failing at that is loud
  }
}

function isGood({ cert }: Certificate, { names, now }: SelfSignedOptions): boolean {
  try {
    const parsed = new X509Certificate(cert);
    const endsMs = Date.parse(parsed.validTo);
    if (!(endsMs - now.getTime() > RENEW_DAYS * DAY_MS)) return false;
    return names.every((name) => (isIP(name) ? parsed.checkIP(name) : parsed.checkHost(name)) !== undefined);
  } catch {
    return false; // not a certificate
  }
}
