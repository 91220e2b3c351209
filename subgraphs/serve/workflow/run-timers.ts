import { inTransaction } from '../store/key-state.ts';
import { type CommunityStore, isOpen } from '../store/store.ts';
import { within } from '../../../schema/runtime/within.ts';
import { fireTimer } from './fire-timer.ts';
import type { WorkflowRules } from './rules.ts';
import { type Timer, timersIn } from './timers.ts';

type Log = { error(details: object, message: string): void };
type Options = { readonly now?: () => Date; readonly everyMs?: number };

const lookEveryMs = 1000;
const stopMs = 3000;
const answerMs = 10_000;
/** The most timers of one round, so that a round ends and another process gets its share. */
const maxBatch = 200;
/** A timer that failed is tried again after this time. The others do not wait for it. */
const postponeMs = 60_000;

/**
 * Fires the timers of a community's workflows when they are due, also those that became due while no process ran. Several
 * processes of one community can run it: each timer fires once. Does nothing for a community without workflows.
 */
export function runTimers(
  store: CommunityStore,
  rules: WorkflowRules,
  log: Log,
  { now = () => new Date(), everyMs = lookEveryMs }: Options = {},
) {
  if (rules.workflows.size === 0) return { stop: async () => await Promise.resolve() };
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isFailing = false;
  const look = async (): Promise<void> => {
    try {
      let tried = maxBatch;
      while (isOpen(store) && tried === maxBatch && !stopped.signal.aborted)
        tried = (await fireDue(store, rules, now(), log, stopped.signal)).tried;
      isFailing = false;
    } catch (error) {
      if (!isFailing && !stopped.signal.aborted)
        log.error(
          { error: String(error) },
          'the timers of workflows cannot be fired and will be tried again',
        );
      isFailing = true;
    }
    if (!stopped.signal.aborted) timer = setTimeout(again, everyMs).unref();
  };
  const again = () => {
    looking = look();
  };
  let looking = look();
  return {
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      // If the store is away, a transaction may still be open. The server aborts it.
      await within(stopMs, looking).catch(() => undefined);
    },
  };
}

/**
 * Fires a bounded number of the timers that are due at `now`, in the order of their instants. Returns how many it tried and
 * how many it fired. Throws if the store does not answer.
 */
export async function fireDue(
  store: CommunityStore,
  rules: WorkflowRules,
  now: Date,
  log: Log,
  signal?: AbortSignal,
): Promise<{ readonly tried: number; readonly fired: number }> {
  const due = timersIn(store).find({ nextAt: { $lte: now } }, { maxTimeMS: answerMs });
  const timers = await within(answerMs, due.sort({ nextAt: 1 }).limit(maxBatch).toArray());
  let fired = 0;
  for (const timer of timers) {
    if (signal?.aborted === true) break;
    if (await fireOrPostpone(store, rules, timer, now, log)) fired += 1;
  }
  return { tried: timers.length, fired };
}

async function fireOrPostpone(
  store: CommunityStore,
  rules: WorkflowRules,
  timer: Timer,
  now: Date,
  log: Log,
): Promise<boolean> {
  let isFired = false;
  try {
    const fire = inTransaction(store, async (session) => {
      isFired = await fireTimer(store, rules, timer, now, session);
    });
    await within(answerMs, fire);
    return isFired;
  } catch (error) {
    // Throws if the store is away. A timer that fails alone must not hold up the others.
    const nextAt = new Date(now.getTime() + postponeMs);
    await within(answerMs, timersIn(store).updateOne({ _id: timer._id }, { $set: { nextAt } }));
    log.error({ error: String(error), timer: timer._id }, 'a timer of a workflow failed and is postponed');
    return false;
  }
}
