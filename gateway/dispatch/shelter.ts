import type { Logger } from 'pino';
import { DeadlineExceeded } from '../../schema/runtime/within.ts';
import type { RequestContext } from '../request/context.ts';
import type { AnswerSize } from './answer-size.ts';
import { Breaker, type Outcome } from './breaker.ts';
import { NoAnswer, UnexpectedStatus } from './fetch-subgraph.ts';
import { LargeAnswers } from './large-answers.ts';
import { PartUnavailable } from './part-unavailable.ts';
import { RetryBudget } from './retry-budget.ts';
import { Slots } from './slots.ts';

/** The work of one query to a subgraph: asks it and checks its answer, within the deadline of the given context. */
export type PartWork<Result> = (context: RequestContext) => Promise<Result>;

/** Protects the hub from one sick subgraph. */
export type Shelter = {
  /**
   * Runs the work of one query. Throws PartUnavailable, without running it, while the subgraph is not asked. With
   * `mayRepeat`, runs it once more if the connection failed before an answer began. A mutation must not be repeated.
   */
  run<Result>(
    context: RequestContext,
    work: PartWork<Result>,
    options?: { readonly mayRepeat: boolean },
  ): Promise<Result>;
  /** Returns a count that also limits the large answers of the subgraph. */
  limit(size: AnswerSize): AnswerSize;
  /** Returns its state, for operators. */
  state(): ShelterState;
};

/** The breaker, the slots and the retries of one subgraph. */
export type ShelterState = {
  readonly isOpen: boolean;
  readonly inUse: number;
  readonly waiting: number;
  /** The queries that were sent again, since the start. */
  readonly retries: number;
};

/**
 * Creates the protection from one subgraph: at most `atOnce` concurrent queries, with a bounded queue whose wait counts
 * within the deadline, a breaker, and retries within a budget. A reader learns only that the part is unavailable.
 */
export function createShelter(
  community: string,
  { atOnce, deadlineMs }: { readonly atOnce: number; readonly deadlineMs: number },
  log: Pick<Logger, 'warn' | 'info'>,
  clock: () => number = Date.now,
): Shelter {
  const slots = new Slots(atOnce);
  const large = new LargeAnswers(clock);
  const retries = new RetryBudget(clock);
  const breaker = new Breaker((isOpen, pauseMs) => {
    if (!isOpen) log.info({ part: community }, 'a subgraph answers again: it is asked by every query');
    else log.warn({ part: community, pauseMs }, 'a subgraph keeps failing: it is not asked for some time');
    if (isOpen) slots.failWaiting();
  }, clock);
  return {
    limit: (size) => large.limit(size),
    state: () => ({ isOpen: breaker.isOpen, ...slots.figures(), retries: retries.taken }),
    run: async (context, work, { mayRepeat } = { mayRepeat: false }) => {
      const { subject } = context.reader;
      const permit = breaker.enter(subject);
      if (permit === null) throw new PartUnavailable('the subgraph is not asked now');
      // The trial of a sick subgraph takes long. No other request waits for it.
      if (permit.isTrial) context.sharedBy?.part();
      const deadline = Math.min(context.deadline, clock() + deadlineMs);
      let outcome: Outcome = 'unknown';
      try {
        await slots.take(subject, Math.max(1, deadline - clock()), context.signal);
        const start = clock();
        // The breaker is open while its trial runs, so a trial is never repeated.
        const canRepeat = () => !breaker.isOpen && !context.signal.aborted && clock() < deadline;
        try {
          const once = async () => await work({ ...context, deadline });
          const result = mayRepeat ? await runTwice(once, retries, canRepeat) : await once();
          outcome = 'answered';
          return result;
        } catch (error) {
          outcome = outcomeOf(error, context.signal, deadline - start >= deadlineMs / 2);
          throw error;
        } finally {
          slots.release(subject);
        }
      } finally {
        permit.end(outcome, context.sharedBy?.count());
      }
    },
  };
}

/** Runs work, and once more if its connection failed before an answer began, within the budget. */
async function runTwice<Result>(
  work: () => Promise<Result>,
  retries: RetryBudget,
  canRepeat: () => boolean,
): Promise<Result> {
  retries.addQuery();
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof NoAnswer) || !canRepeat() || !retries.take()) throw error;
    return await work();
  }
}

/** Codes of errors before a connection exists. A connection that breaks later could be broken by a reader's query. */
const withoutConnection: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Returns what an error says about the subgraph. `hadTime`: the subgraph had at least half of its deadline. */
function outcomeOf(error: unknown, signal: AbortSignal, hadTime: boolean): Outcome {
  if (error instanceof PartUnavailable || signal.aborted) return 'unknown';
  if (withoutConnection.has((error as { code?: unknown } | null)?.code)) return 'unreachable';
  if (error instanceof DeadlineExceeded) return hadTime ? 'failed' : 'unknown';
  // Statuses below 500 can be the fault of one reader's query, such as 413.
  if (error instanceof UnexpectedStatus) return error.status >= 500 ? 'failed' : 'unknown';
  return 'failed';
}
