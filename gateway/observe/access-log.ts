import { openSync } from 'node:fs';
import { type Logger, pino } from 'pino';
import type { OnEnded } from './observed.ts';

/** An access log that writes one line for each request. */
export type AccessLines = { readonly ended: OnEnded; stop(): void };

type Destination = ReturnType<typeof pino.destination>;

/** The pause before a log that could not be written, on a full disk for example, is opened again. */
const retryMs = 60_000;

/** Lines that wait for a slow disk. Beyond it, lines are dropped: they must not fill the memory. */
const maxWaitingBytes = 4_000_000;

/**
 * Opens the access log: JSON lines, appended to a file or, for `-`, written to stdout. A line has nothing of a person: no
 * reader, token, address, variable, document or path. The audit log has the reader, under its correlation id.
 */
export function openAccessLines(to: string, log: Pick<Logger, 'error'>): AccessLines {
  const fail = (error: unknown): void => {
    destination = null;
    log.error({ error, file: to }, 'the access log cannot be written: its lines are dropped until it can');
    setTimeout(() => (destination ??= open()), retryMs).unref();
  };
  const open = (): Destination | null => {
    let dest: number;
    try {
      // Opened at once: a log that is still being opened when the hub stops could not be flushed.
      dest = to === '-' ? 1 : openSync(to, 'a');
    } catch (error) {
      fail(error);
      return null;
    }
    const opened = pino.destination({ dest, sync: false, maxLength: maxWaitingBytes });
    return opened.on('error', (error: unknown) => {
      if (destination !== opened) return;
      fail(error);
      // At the end of the process, pino would try to write the rest without end.
      opened.destroy();
    });
  };
  let destination: Destination | null = null;
  destination = open();
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
      destination?.write(`${JSON.stringify(line)}\n`);
    },
    stop: () => destination?.flushSync(),
  };
}
