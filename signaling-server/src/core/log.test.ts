import { expect, test } from 'vitest';
import { createLog } from './log.ts';

test('writes one line per event, with values that cannot forge another', () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => 0,
  );
  log.info('listening', { port: 8080 });
  log.warn('refused', { origin: 'x\n1970 info  forged' });
  log.error('failed', new Error('why\nso'));
  expect(lines[0]).toBe('1970-01-01T00:00:00.000Z info  listening port=8080\n');
  expect(lines[1]).toBe('1970-01-01T00:00:00.000Z warn  refused origin="x\\n1970 info  forged"\n');
  for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1);
});

test('writes a kind of warning once a minute, and how many it left out', () => {
  const lines: string[] = [];
  let now = 0;
  const log = createLog(
    (line) => lines.push(line),
    () => now,
  );
  for (let index = 0; index < 100; index++) log.warn('refused');
  log.warn('other');
  expect(lines).toHaveLength(2);
  now = 60_000;
  log.warn('refused');
  expect(lines[2]).toContain('refused alsoSinceLastLine=99');
});
