import type { Db } from 'mongodb';
import type { AskAgreements } from './ask-agreements.ts';
import { readAgreements } from './read-agreements.ts';
import type { AgreementEntry } from './registry.ts';

const everyMs = 1000;

/** Keeps the states of agreements in the registry. */
export type FollowedAgreements = {
  /** Reads the states now. Never rejects: without an answer the last known states stay. */
  readonly refresh: () => Promise<void>;
  readonly stop: () => void;
};

/**
 * Writes the state of each agreement that has a record at the joint unit into the registry: once a second, and when
 * `refresh` is called after a move of an agreement. While the joint unit does not answer, the last known states stay: a
 * suspended agreement stays suspended, and the outage of one community ends no right of the others. An entry whose state
 * was never read gives no right.
 */
export function followAgreements(
  db: Db,
  ask: AskAgreements,
  report: (error: unknown) => void,
): FollowedAgreements {
  const agreements = db.collection<AgreementEntry>('agreements');
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  /** One report for each outage, however long it is. */
  let isReported = false;
  let running: Promise<void> | null = null;
  let waiting: Promise<void> | null = null;
  const run = async (): Promise<void> => {
    try {
      await readAgreements(agreements, ask);
      isReported = false;
    } catch (error) {
      if (!stopped && !isReported) report(error);
      isReported = true;
    }
  };
  /** A question that is in progress may have been answered before the move: another one follows it. */
  const refresh = async (): Promise<void> => {
    if (running === null) return await (running = run().finally(() => (running = null)));
    // A caller that comes after the next question has begun waits for the one after it.
    waiting ??= running.then(async () => {
      waiting = null;
      await (running ??= run().finally(() => (running = null)));
    });
    await waiting;
  };
  const poll = async (): Promise<void> => {
    await refresh();
    if (!stopped) timer = setTimeout(() => void poll(), everyMs).unref();
  };
  void poll();
  return {
    refresh,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
