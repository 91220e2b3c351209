import { HubError } from '../../schema/errors.ts';
import { type EventAnswer, type EventParts, readEvent } from './read-event.ts';
import type { Subscriber } from './reader-watch.ts';
import type { SharedOperation } from './shared-operation.ts';
import type { TakenChange } from './waiting-changes.ts';

/** The queries for events at once. Further ones wait, so that events take no more than a share of each community's slots. */
const maxAtOnce = 16;
/** The time for which the answer of an event is shared. Facts about readers are as old at most. */
const sharedMs = 1000;
/** A community that does not answer is asked again, since its event must not be lost. */
const attempts = 3;
const pauseMs = 1000;

/**
 * Reads each event once for all readers of one permission class with the same operation. The key has everything that
 * decides: the class, the operation with its variables, the record and the last change of it.
 */
export class SharedAnswers {
  readonly #parts: EventParts;
  readonly #signal: AbortSignal;
  readonly #answers = new Map<string, Promise<EventAnswer | null>>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  constructor(parts: EventParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /** Returns the answer, or null if the reader may not know of the event. Rejects with PART_UNAVAILABLE. */
  async read(
    change: TakenChange,
    operation: SharedOperation,
    subscriber: Subscriber,
  ): Promise<EventAnswer | null> {
    const key = keyOf(change, operation, subscriber);
    const known = this.#answers.get(key);
    if (known !== undefined) return await known;
    const answer = this.#readInTurn(change, operation, subscriber);
    this.#answers.set(key, answer);
    const drop = () => this.#answers.get(key) === answer && this.#answers.delete(key);
    const forget = () => void setTimeout(drop, sharedMs).unref();
    answer.then(forget, forget);
    return await answer;
  }

  /** Drops all answers: no later event gets one of them. */
  forget(): void {
    this.#answers.clear();
  }

  async #readInTurn(...given: Parameters<SharedAnswers['read']>): Promise<EventAnswer | null> {
    if (this.#running >= maxAtOnce) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running += 1;
    try {
      return await this.#readOften(...given);
    } finally {
      const next = this.#queue.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #readOften(...given: Parameters<SharedAnswers['read']>): Promise<EventAnswer | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await readEvent(...given, this.#parts, this.#signal);
      } catch (error) {
        const isAway = error instanceof HubError && error.code === 'PART_UNAVAILABLE';
        if (!isAway || attempt === attempts || this.#signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}

/** The key of the operation has the permission class. */
function keyOf(
  { event, before, isNew }: TakenChange,
  { key, query }: SharedOperation,
  { identity }: Subscriber,
): string {
  const subject = query.isPersonal ? identity.reader.subject : null;
  return JSON.stringify([subject, key, event.id, event.position, isNew, before]);
}
