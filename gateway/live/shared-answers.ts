import { HubError } from '../../schema/errors.ts';
import { type EventAnswer, type EventParts, readEvent } from './read-event.ts';
import type { Subscriber } from './reader-watch.ts';
import type { SharedOperation } from './shared-operation.ts';
import { isForOthers } from '../plan/share.ts';
import { Turns } from './turns.ts';
import type { TakenChange } from './waiting-changes.ts';

/**
 * The maximum number of concurrent queries for events to one community; further ones wait. Events therefore use only a part
 * of its slots, and a community that does not answer delays only its own events.
 */
const maxAtOnce = 8;
/** An answer is shared for this time after it arrived. */
const sharedMs = 1000;
/** The attempts to read an event. One is not enough, since the event must not be lost. */
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
  readonly #turns = new Map<string, Turns>();

  constructor(parts: EventParts, signal: AbortSignal) {
    this.#parts = parts;
    this.#signal = signal;
  }

  /**
   * Returns the answer, or null if the reader may not know of the event. An answer that a community does not allow to
   * share is read again for every other reader. Rejects with PART_UNAVAILABLE.
   */
  async read(
    change: TakenChange,
    operation: SharedOperation,
    subscriber: Subscriber,
  ): Promise<EventAnswer | null> {
    const { subject } = subscriber.identity.reader;
    const own = keyOf(change, operation, subject);
    const key = operation.query.isPersonal ? own : keyOf(change, operation, null);
    const answer = await this.#readOnce(key, change, operation, subscriber);
    if (answer === null || answer.subject === subject || isForOthers(answer.gathered)) return answer;
    return await this.#readOnce(own, change, operation, subscriber);
  }

  async #readOnce(key: string, ...given: Parameters<SharedAnswers['read']>): Promise<EventAnswer | null> {
    const known = this.#answers.get(key);
    if (known !== undefined) return await known;
    const answer = this.#readOften(...given);
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
    const [, { query }, { identity }] = given;
    const leave = await this.#turnsOf(query.community).take(identity.reader.subject, this.#signal);
    try {
      return await readEvent(...given, this.#parts, this.#signal);
    } finally {
      leave();
    }
  }

  #turnsOf(community: string): Turns {
    const turns = this.#turns.get(community) ?? new Turns(maxAtOnce, Number.POSITIVE_INFINITY);
    this.#turns.set(community, turns);
    return turns;
  }

  /** Gives up the turn between two attempts. */
  async #readOften(...given: Parameters<SharedAnswers['read']>): Promise<EventAnswer | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#readInTurn(...given);
      } catch (error) {
        const isAway = error instanceof HubError && error.code === 'PART_UNAVAILABLE';
        if (!isAway || attempt === attempts || this.#signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }
}

/** The key of the operation has the permission class. `subject` is null for an answer that readers share. */
function keyOf(
  { event, before, isNew }: TakenChange,
  { key }: SharedOperation,
  subject: string | null,
): string {
  return JSON.stringify([subject, key, event.id, event.position, isNew, before]);
}
