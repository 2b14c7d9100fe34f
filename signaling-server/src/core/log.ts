type Level = 'info' | 'warn' | 'error';
type Fields = Record<string, string | number>;

/** Never given a payload, a room name or a token. */
export interface Log {
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, cause: unknown): void;
}

/** Clients can cause a warning as often as they like; a line of each kind in this time is enough. */
const WARNING_INTERVAL_MS = 60_000;

/** Lines that a person can read and a program can split: `2030-01-31T12:00:00.000Z info  listening port=8080`. */
export function createLog(write: (line: string) => void, now: () => number): Log {
  const warnings = new Map<string, { at: number; suppressed: number }>();
  const line = (level: Level, event: string, fields: Fields): void => {
    const pairs = Object.entries(fields).map(([name, value]) => ` ${name}=${formatValue(value)}`);
    write(`${new Date(now()).toISOString()} ${level.padEnd(5)} ${event}${pairs.join('')}\n`);
  };
  return {
    info: (event, fields = {}) => {
      line('info', event, fields);
    },
    warn: (event, fields = {}) => {
      const last = warnings.get(event);
      if (last && now() - last.at < WARNING_INTERVAL_MS) {
        last.suppressed += 1;
        return;
      }
      warnings.set(event, { at: now(), suppressed: 0 });
      line('warn', event, last?.suppressed ? { ...fields, alsoSinceLastLine: last.suppressed } : fields);
    },
    error: (event, cause) => {
      line('error', event, { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
    },
  };
}

/** A log for those who do not want one. */
export const silentLog: Log = { info: () => {}, warn: () => {}, error: () => {} };

function formatValue(value: string | number): string {
  const text = String(value);
  return /^[\w.:/*-]+$/.test(text) ? text : JSON.stringify(text.slice(0, 2_000));
}
