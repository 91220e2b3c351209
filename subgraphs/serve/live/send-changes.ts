import { setTimeout as sleep } from 'node:timers/promises';
import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import { catchUp } from './catch-up.ts';
import type { ChangeSource, Follower } from './follow-changes.ts';
import type { HubStream } from './hub-stream.ts';
import type { Position } from './position.ts';

/** The maximum number of events that wait while a stream reads the past. Above it, the stream is cut. */
const maxHeld = 20_000;
const lookEveryMs = 50;
const aliveEveryMs = 3000;

/**
 * Sends the events after a position, up to the time of the call, as fast as the hub reads. Returns the position that it
 * reached, or null if the stream ended before.
 */
export async function sendPast(
  source: ChangeSource,
  stream: HubStream,
  after: Position,
): Promise<Position | null> {
  let reached = after;
  let aliveAt = performance.now();
  for await (const { event, position } of catchUp(source, after, stream.ended)) {
    reached = position;
    if (event !== null) stream.send({ event });
    else if (performance.now() - aliveAt > aliveEveryMs) {
      aliveAt = performance.now();
      stream.send({ alive: source.seal(position) });
    }
    await stream.drained();
  }
  return stream.ended.aborted ? null : reached;
}

/**
 * Sends the events from now on. `sendBefore` sends those of the past first, and resolves to false if the stream ended. New
 * events are held meanwhile, so that none is missed between the two. Some may be sent twice.
 */
export async function sendLive(
  { seal }: Pick<ChangeSource, 'seal'>,
  stream: HubStream,
  follower: Follower,
  sendBefore: () => Promise<boolean>,
): Promise<void> {
  let held: ChangeEvent[] | null = [];
  const stopListening = follower.listen({
    event: (event) => {
      if (held === null) stream.send({ event });
      else if (held.length < maxHeld) held.push(event);
      else stream.cut();
    },
    end: () => stream.cut(),
  });
  stream.ended.addEventListener('abort', stopListening, { once: true });
  if (stream.ended.aborted) stopListening();
  if (!(await sendBefore())) return;
  const position = await untilPosition(follower, stream.ended);
  if (position === null) return;
  for (const event of held) stream.send({ event });
  held = null;
  stream.send({ ready: seal(position) });
  const timer = setInterval(() => {
    const reached = follower.position();
    if (reached !== null) stream.send({ alive: seal(reached) });
  }, aliveEveryMs);
  stream.ended.addEventListener('abort', () => clearInterval(timer), { once: true });
}

async function untilPosition(follower: Follower, ended: AbortSignal): Promise<Position | null> {
  while (!ended.aborted) {
    const position = follower.position();
    if (position !== null) return position;
    await sleep(lookEveryMs);
  }
  return null;
}
