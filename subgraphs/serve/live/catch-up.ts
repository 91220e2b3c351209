import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import { readLog, timeOfStore, timeOfToken } from './change-log.ts';
import { endedEmbargoes } from './embargo-ends.ts';
import type { ChangeSource } from './follow-changes.ts';
import type { Position } from './position.ts';
import { toEvent } from './to-event.ts';
import type { Written } from './written.ts';

/** The time to wait for a change. At the end of the log, the catch-up ends after this time. */
const waitMs = 50;

/** An event of the past with its position. `event` is null if only the position moved. */
export type Past = { readonly event: ChangeEvent | null; readonly position: Position };

/**
 * Reads the events after a position, up to the time of the call: those of the log, then the embargoes that ended
 * meanwhile. Throws LogLost if the log no longer has the position, and an error if no policy is in force.
 */
export async function* catchUp(
  source: ChangeSource,
  after: Position,
  signal: AbortSignal,
): AsyncGenerator<Past> {
  const { store, kinds } = source;
  const now = Date.now();
  const until = await timeOfStore(store);
  let { token } = after;
  for await (const step of readLog(source, token, { signal, waitMs })) {
    token = step.token;
    if (step.written !== null) yield toPast(source, step.written, { token, endedTo: after.endedTo });
    if (timeOfToken(token) > until || (step.written === null && timeOfToken(token) >= until)) break;
  }
  const ended = { from: after.endedTo, to: now };
  // All of these events have the position before them: a hub that continues after one of them gets all of them again.
  for await (const written of endedEmbargoes(store, kinds, policyOf(source), ended)) {
    if (signal.aborted) return;
    yield toPast(source, written, { token, endedTo: after.endedTo });
  }
  yield { event: null, position: { token, endedTo: Math.max(now, after.endedTo) } };
}

function toPast(source: ChangeSource, written: Written, position: Position): Past {
  return { event: toEvent(written, policyOf(source), new Date(), source.seal(position)), position };
}

function policyOf({ policy }: ChangeSource) {
  const inForce = policy();
  if (inForce === null) throw new Error('no policy is in force');
  return inForce;
}
