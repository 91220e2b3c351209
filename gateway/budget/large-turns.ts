import { HubError } from '../../schema/errors.ts';
import type { Reader } from '../../schema/protocol/reader.ts';

/** The limits of the turns. */
export type TurnLimits = {
  /** Requests at work, of one reader one. */
  readonly atOnce: number;
  /** Requests that wait, in all, of one organisation and of one reader. */
  readonly waiting: number;
  readonly ofOrganisation: number;
  readonly ofReader: number;
  /** A request that has waited as long is refused. */
  readonly maxWaitMs: number;
};

type Asking = Pick<Reader, 'subject' | 'organisation'>;
type Waiting = Asking & { readonly begin: () => void; readonly refuse: (error: Error) => void };
type Owner = keyof Asking;

/**
 * Limits the requests at work. Further requests wait. Turns go to the organisations in rotation, and to the readers of each
 * in rotation. If the queue is full, a request takes the place of the newest one of those who have most in it: no reader and
 * no organisation keeps the others out.
 */
export class LargeTurns {
  readonly #limits: TurnLimits;
  /** In the order of their turns. */
  #waiting: readonly Waiting[] = [];
  readonly #working = new Set<string>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  /**
   * Waits for a turn. Returns the function that ends it, which is called once. Throws OVERLOADED if there is no place in the
   * queue or the wait is over, or the reason of `signal` if that is aborted.
   */
  async take({ subject, organisation }: Asking, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#mayBegin(subject)) this.#working.add(subject);
    else await this.#wait({ subject, organisation }, signal);
    return () => {
      this.#working.delete(subject);
      this.#pass();
    };
  }

  #mayBegin(subject: string): boolean {
    return this.#working.size < this.#limits.atOnce && !this.#working.has(subject);
  }

  /** Gives a turn to the first request that may begin. Those of its reader, and of its organisation, are then the last. */
  #pass(): void {
    const next = this.#waiting.find(({ subject }) => this.#mayBegin(subject));
    if (next === undefined) return;
    const rankOf = (one: Waiting) =>
      one.organisation !== next.organisation ? 0 : one.subject !== next.subject ? 1 : 2;
    this.#waiting = this.#waiting
      .filter((one) => one !== next)
      .toSorted((one, other) => rankOf(one) - rankOf(other));
    this.#working.add(next.subject);
    next.begin();
  }

  async #wait(asking: Asking, signal: AbortSignal): Promise<void> {
    this.#makePlace(asking);
    const { promise, resolve: begin, reject: refuse } = Promise.withResolvers<void>();
    const one: Waiting = { ...asking, begin, refuse };
    this.#waiting = [...this.#waiting, one];
    const leave = (): void => this.#refuse(one, signal.reason as Error);
    const latest = setTimeout(() => this.#refuse(one, overloaded()), this.#limits.maxWaitMs).unref();
    signal.addEventListener('abort', leave, { once: true });
    try {
      await promise;
    } finally {
      clearTimeout(latest);
      signal.removeEventListener('abort', leave);
    }
  }

  /** Removes a request if one more would exceed a limit. Throws OVERLOADED if none has to leave for this one. */
  #makePlace(asking: Asking): void {
    const { waiting, ofOrganisation, ofReader } = this.#limits;
    const own = this.#waiting.filter(({ organisation }) => organisation === asking.organisation);
    if (countOf(own, 'subject', asking) >= ofReader) throw overloaded();
    const isFull = this.#waiting.length >= waiting;
    if (!isFull && own.length < ofOrganisation) return;
    const most = own.length < ofOrganisation ? largest(this.#waiting, 'organisation') : own;
    // One more must not have more than the one that leaves keeps: otherwise two would displace each other in turn.
    const from = own.length + 1 < most.length ? most : own;
    const leaving = largest(from, 'subject');
    const newest = leaving.at(-1);
    if (newest === undefined) throw overloaded();
    if (from === own && countOf(own, 'subject', asking) + 1 >= leaving.length) throw overloaded();
    this.#refuse(newest, overloaded());
  }

  #refuse(one: Waiting, error: Error): void {
    this.#waiting = this.#waiting.filter((other) => other !== one);
    one.refuse(error);
  }
}

/** Returns the requests of the reader or of the organisation that has most among these. */
function largest(among: readonly Waiting[], owner: Owner): readonly Waiting[] {
  const groups = Map.groupBy(among, (one) => one[owner]);
  return [...groups.values()].reduce((most, one) => (one.length > most.length ? one : most), []);
}

function countOf(among: readonly Waiting[], owner: Owner, asking: Asking): number {
  return among.filter((one) => one[owner] === asking[owner]).length;
}

function overloaded(): HubError {
  return new HubError('OVERLOADED', 'too many large requests wait');
}
