import type { Db } from 'mongodb';
import { maxAgreements } from '../../schema/protocol/agreement-states.ts';
import type { AskAgreements } from './ask-agreements.ts';
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
  const read = async (): Promise<void> => {
    const linked = agreements.find({ record: { $type: 'string' }, until: { $gt: new Date() } });
    for (const some of chunksOf(await linked.sort({ _id: 1 }).toArray(), maxAgreements)) {
      const answered = await ask(some.flatMap(({ record }) => record ?? []));
      const states = new Map(answered.agreements.map(({ record, state }) => [record, state]));
      for (const { _id, record = '', state: last } of some) {
        const state = states.get(record) ?? 'unknown';
        if (state !== last) await agreements.updateOne({ _id, record }, { $set: { state } });
      }
    }
  };
  const run = async (): Promise<void> => {
    try {
      await read();
      isReported = false;
    } catch (error) {
      if (!stopped && !isReported) report(error);
      isReported = true;
    }
  };
  /** A question that is in progress may have been answered before the move: another one follows it. */
  const refresh = async (): Promise<void> => {
    if (running === null) running = run().finally(() => (running = null));
    else
      waiting ??= running
        .then(async () => await (running = run().finally(() => (running = null))))
        .finally(() => (waiting = null));
    await (waiting ?? running);
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

function chunksOf<Item>(items: readonly Item[], most: number): readonly (readonly Item[])[] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_none, at) => items.slice(at * most, (at + 1) * most));
}
