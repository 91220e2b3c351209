import type { Collection } from 'mongodb';
import { z } from 'zod';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';

/** One use of the switch that takes a community out of the hub, or back in: who, when, and why. */
export type Turn = {
  /** Grows by one with each use; the highest one applies. */
  readonly _id: number;
  readonly out: boolean;
  readonly at: Date;
  readonly by: string;
  readonly because: string;
};

const turn = z.object({ _id: z.int(), out: z.boolean(), at: z.date(), by: z.string(), because: z.string() });
const deadlineMs = 1500;
const pollMs = 300;

/** Turns the switch. Earlier uses stay stored. Throws if another operator turned it at the same time. */
export async function turnSwitch(
  store: CommunityStore,
  out: boolean,
  by: string,
  because: string,
  at: Date,
): Promise<Turn> {
  const last = await lastTurn(store);
  const next: Turn = { _id: (last?._id ?? 0) + 1, out, at, by, because };
  await within(deadlineMs, turns(store).insertOne(next, { writeConcern: { w: 'majority', j: true } }));
  return next;
}

/** Returns the newest use; null if the switch was never used, and the community takes part. */
export async function lastTurn(store: CommunityStore): Promise<Turn | null> {
  const found = await within(deadlineMs, turns(store).find().sort({ _id: -1 }).limit(1).toArray());
  return found[0] === undefined ? null : turn.parse(found[0]);
}

/** Follows the switch. `isOut` is the state that was read last; it stays while the store does not answer. */
export function followSwitch(store: CommunityStore, report: (error: unknown) => void) {
  let out = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const look = async (): Promise<void> => {
    try {
      if (isOpen(store)) out = (await lastTurn(store))?.out ?? false;
    } catch (error) {
      report(error);
    }
    if (!stopped) timer = setTimeout(() => void look(), pollMs).unref();
  };
  void look();
  return {
    isOut: () => out,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

function turns(store: CommunityStore): Collection<Turn> {
  return store.connection.collection<Turn>('turns');
}
