// Whether an archive that only zip64 can be, handed to each browser's downloads, is opened by other people's programs, and what is in it is what was sent.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { sha256 } from '../../e2e/support/files.ts';
import { expect, test } from '../../e2e/support/test.ts';
import { meet } from '../../e2e/support/tincan-page.ts';
import { HOUR_MS, MIB, print } from './long-transfer.ts';

/** More than the plain format can count, so that what follows lies behind that too. */
const LARGE_BYTES = 4_200 * MIB;
const FILES = { 'album/large.bin': LARGE_BYTES, 'album/z/after.bin': 3_000_000, 'album/zz.bin': 5 };

/** The SHA-256 of everything in an archive, by its path, as Python's zipfile reads it. */
const HASHES = `
import hashlib, json, sys, zipfile
found = {}
with zipfile.ZipFile(sys.argv[1]) as archive:
    for name in archive.namelist():
        digest = hashlib.sha256()
        with archive.open(name) as entry:
            while part := entry.read(1 << 20): digest.update(part)
        found[name] = digest.hexdigest()
print(json.dumps(found))`;

for (const browser of ['Chromium', 'Firefox'] as const)
  test(`an archive of more than 4 GiB in the downloads of ${browser}`, async ({
    server,
    openPerson,
    openFirefox,
    files,
  }) => {
    const alice = await openPerson();
    const bob = browser === 'Firefox' ? await openFirefox() : await openPerson();
    const hashes: Record<string, string> = {};
    for (const [path, bytes] of Object.entries(FILES)) hashes[path] = await sha256(await files.random(path, bytes));
    await meet(alice, bob, server.url);
    await alice.chooseFolder(join(files.path, 'album'));
    const begun = performance.now();
    await bob.accept();
    await bob.waitForDone(Object.keys(FILES).length, HOUR_MS);
    const verified = performance.now();
    const zip = await bob.saveAll(HOUR_MS);
    const saved = performance.now();
    execFileSync('unzip', ['-tqq', zip.path]);
    const python = execFileSync('python3', ['-c', HASHES, zip.path], { encoding: 'utf8' });
    const isEqual =
      JSON.stringify(Object.entries(hashes).sort()) ===
      JSON.stringify(Object.entries(JSON.parse(python) as object).sort());
    print({
      soak: 'archive',
      browser,
      mib: LARGE_BYTES / MIB,
      secondsToVerified: Math.round((verified - begun) / 1_000),
      secondsToSaved: Math.round((saved - verified) / 1_000),
      unzip: 'good',
      python: isEqual ? 'equal' : 'DIFFERENT',
    });
    expect(JSON.parse(python)).toEqual(hashes);
  });
