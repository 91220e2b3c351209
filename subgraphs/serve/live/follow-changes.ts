import { setTimeout as sleep } from 'node:timers/promises';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { ChangeEvent } from '../../../schema/protocol/change-event.ts';
import { LogLost, type LogSource, readLog } from './change-log.ts';
import { endedEmbargoes } from './embargo-ends.ts';
import type { Position } from './position.ts';
import { toEvent } from './to-event.ts';
import type { Written } from './written.ts';

/** The inputs of everything that reads the changes of one community's store. */
export type ChangeSource = LogSource & {
  /** Returns the policy that decides now; null while there is none. */
  readonly policy: () => Policy | null;
  readonly cursorKey: Buffer;
  /** Encrypts a position for the hub. */
  readonly seal: (position: Position) => string;
  readonly log: { warn(details: object, message: string): void };
};

/** Receives the events of the store in order. After `end` the listener gets no more events, and some may be missing. */
export type Listener = {
  readonly event: (event: ChangeEvent) => void;
  readonly end: () => void;
};

/** The changes of the store from now on, in this process. */
export type Follower = {
  /** Adds a listener. Returns a function that removes it. */
  readonly listen: (listener: Listener) => () => void;
  /** The position up to which listeners got every change; null until the store was read. */
  readonly position: () => Position | null;
  /** Ends all listeners. */
  readonly stop: () => void;
};

const waitMs = 1000;
const retryMs = 500;
/** After this time without the store, listeners end and continue from their own positions. */
const maxAwayMs = 60_000;

/**
 * Follows the store by one change stream for all listeners. It runs while there is a listener, and occupies one
 * connection of the pool. After a failover it continues where it was. It looks for ended embargoes once a second.
 */
export function followChanges(source: ChangeSource): Follower {
  const listeners = new Set<Listener>();
  let running: AbortController | null = null;
  let position: Position | null = null;
  const endAll = (): void => {
    const ended = [...listeners];
    listeners.clear();
    halt();
    for (const { end } of ended) end();
  };
  const halt = (): void => {
    running?.abort();
    running = null;
    position = null;
  };
  const send = (written: Written, at: Position): void => {
    const policy = source.policy();
    if (policy === null) return endAll();
    const event = toEvent(written, policy, new Date(), source.seal(at));
    if (event !== null) for (const listener of listeners) listener.event(event);
  };
  const move = (to: Position, signal: AbortSignal): void => {
    if (!signal.aborted) position = to;
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    let at: { readonly token: string | null; readonly endedTo: number } = {
      token: null,
      endedTo: Date.now(),
    };
    for await (const step of retried(source, () => at.token, signal)) {
      at = { ...at, token: step.token };
      if (step.written !== null) send(step.written, { token: step.token, endedTo: at.endedTo });
      if (Date.now() - at.endedTo >= waitMs)
        at = await endEmbargoes(source, { token: step.token, endedTo: at.endedTo }, send);
      move({ token: step.token, endedTo: at.endedTo }, signal);
    }
  };
  const begin = (): void => {
    const controller = new AbortController();
    running = controller;
    run(controller.signal).catch((error: unknown) => {
      source.log.warn({ error: String(error) }, 'the changes of the store cannot be followed: streams end');
      if (running === controller) endAll();
    });
  };
  return {
    listen: (listener) => {
      listeners.add(listener);
      if (running === null) begin();
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) halt();
      };
    },
    position: () => position,
    stop: endAll,
  };
}

/**
 * Sends the ends of embargoes up to now. All of one round have the position before the round, so a hub that continues after
 * one of them gets the whole round again instead of a part of it.
 */
async function endEmbargoes(
  { store, kinds, policy, log }: ChangeSource,
  at: Position,
  send: (written: Written, at: Position) => void,
): Promise<Position> {
  const inForce = policy();
  if (inForce === null) return at;
  const to = Date.now();
  try {
    for await (const written of endedEmbargoes(store, kinds, inForce, { from: at.endedTo, to }))
      send(written, at);
    return { ...at, endedTo: to };
  } catch (error) {
    log.warn({ error: String(error) }, 'the ends of embargoes cannot be read: they are read again');
    return at;
  }
}

/**
 * Reads the log. After a failure it continues from the last place. Throws LogLost, and the last error if failures go on for
 * more than `maxAwayMs`.
 */
async function* retried(source: ChangeSource, token: () => string | null, signal: AbortSignal) {
  let failingSince: number | null = null;
  while (!signal.aborted) {
    try {
      for await (const step of readLog(source, token(), { signal, waitMs })) {
        failingSince = null;
        yield step;
      }
    } catch (error) {
      failingSince ??= performance.now();
      if (error instanceof LogLost || performance.now() - failingSince > maxAwayMs) throw error;
      source.log.warn({ error: String(error) }, 'the changes of the store were interrupted');
      await sleep(retryMs);
    }
  }
}
