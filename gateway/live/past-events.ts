import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { HubError } from '../../schema/errors.ts';
import type { ChangeEvent, ChangeLine } from '../../schema/protocol/change-event.ts';
import type { AskChanges } from './ask-changes.ts';
import { checkKind, type Owns } from './check-kind.ts';
import type { Turns } from '../../schema/runtime/turns.ts';

/** Reads the events after a position, as fast as the consumer takes them. */
export async function* readPast(
  position: string,
  {
    owns,
    ask,
    pasts,
    reader,
    signal,
  }: {
    readonly owns: Owns;
    readonly ask: AskChanges;
    readonly pasts: Turns;
    readonly reader: string;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<ChangeEvent> {
  const leave = await pasts.take(reader, signal);
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const events = new PassThrough({ objectMode: true, highWaterMark: 64 });
  let last: ChangeLine | null = null;
  const take = async (line: ChangeLine): Promise<void> => {
    last = line;
    if (!('event' in line)) return;
    checkKind(line.event, owns);
    if (!events.write(line.event)) await once(events, 'drain', { signal: until });
  };
  ask({ after: position, until: 'now' }, take, until).then(
    () => (isDone(last) ? events.end() : events.destroy(errorOf(last))),
    (error: unknown) => events.destroy(errorOf(last, error)),
  );
  try {
    for await (const event of events) yield event as ChangeEvent;
  } finally {
    ended.abort();
    leave();
  }
}

function isDone(last: ChangeLine | null): boolean {
  return last !== null && 'done' in last;
}

function errorOf(last: ChangeLine | null, cause?: unknown): HubError {
  if (last !== null && 'expired' in last)
    return new HubError('RESUME_EXPIRED', 'the store no longer has the events since this position');
  return new HubError('PART_UNAVAILABLE', 'the past events could not be read', { cause });
}
