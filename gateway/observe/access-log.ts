import { pino } from 'pino';
import type { OnEnded } from './observed.ts';

/** An access log that writes one line for each request. */
export type AccessLines = { readonly ended: OnEnded; stop(): void };

/** Lines that wait for a slow disk. Beyond it, lines are dropped: they must not fill the memory. */
const maxWaitingBytes = 4_000_000;

/**
 * Opens the access log: JSON lines, appended to a file or, for `-`, written to stdout. A line has nothing of a person: no
 * reader, token, address, variable, document or path. The audit log has the reader, under its correlation id.
 */
export function openAccessLines(to: string): AccessLines {
  const destination = pino.destination({
    dest: to === '-' ? 1 : to,
    append: true,
    sync: false,
    maxLength: maxWaitingBytes,
  });
  return {
    ended: ({ correlationId, entry, method, status, isWhole, bytes, ms, observed }) => {
      const line = {
        time: new Date().toISOString(),
        correlationId,
        entry,
        method,
        status,
        codes: [...observed.codes],
        parts: [...observed.parts],
        operation: observed.operation,
        bytes,
        ms: Math.round(ms * 10) / 10,
        ...(isWhole ? {} : { left: true }),
      };
      destination.write(`${JSON.stringify(line)}\n`);
    },
    stop: () => destination.flushSync(),
  };
}
