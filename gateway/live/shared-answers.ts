import { HubError } from '../../schema/errors.ts';
import { SharedWork } from '../../schema/runtime/shared-work.ts';
import { KeptAnswers, memoryOf } from '../plan/kept-answers.ts';
import { isForOthers } from '../plan/share.ts';
import { type EventAnswer, type EventParts, readEvent } from './read-event.ts';
import type { Subscriber } from './reader-watch.ts';
import type { SharedOperation } from './shared-operation.ts';
import { Turns } from '../../schema/runtime/turns.ts';
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

/** An event to read, and the subscriber for whom it is read. */
type Asked = readonly [change: TakenChange, operation: SharedOperation, subscriber: Subscriber];

/**
 * Reads each event once for all readers of one permission class with the same operation. The key has everything that
 * decides: the class, the operation with its variables, the record and the last change of it.
 */
export class SharedAnswers {
  readonly #parts: EventParts;
  readonly #inProgress = new SharedWork<EventAnswer | null>();
  readonly #kept = new KeptAnswers<EventAnswer | null>('event-answers', sharedMs, (answer) =>
    answer === null ? 0 : memoryOf(answer.gathered),
  );
  readonly #turns = new Map<string, Turns>();

  constructor(parts: EventParts) {
    this.#parts = parts;
  }

  /**
   * Returns the answer, or null if the reader may not know of the event. An answer that a community does not allow to
   * share is read again for every other reader. Rejects with PART_UNAVAILABLE, or if `ended` is aborted: an event is not
   * read once every subscription that waits for it has ended.
   */
  async read(asked: Asked, ended: AbortSignal): Promise<EventAnswer | null> {
    const [change, operation, { identity }] = asked;
    const { subject } = identity.reader;
    const own = keyOf(change, operation, subject);
    const key = operation.query.isPersonal ? own : keyOf(change, operation, null);
    const answer = await this.#readOnce(key, asked, ended);
    if (answer === null || answer.subject === subject || isForOthers(answer.gathered)) return answer;
    return await this.#readOnce(own, asked, ended);
  }

  /** Drops all answers: no later event gets one of them. */
  forget(): void {
    this.#kept.forget();
  }

  async #readOnce(key: string, asked: Asked, ended: AbortSignal): Promise<EventAnswer | null> {
    const known = this.#kept.get(key);
    if (known !== undefined) return known;
    return await this.#inProgress.run(key, ended, async (signal) => {
      const answer = await this.#readOften(asked, signal);
      // If no subscription waited for the answer, the supergraph can have been replaced since.
      if (!signal.aborted) this.#kept.begin(key)(answer);
      return answer;
    });
  }

  /** Gives up the turn between two attempts. */
  async #readOften(asked: Asked, signal: AbortSignal): Promise<EventAnswer | null> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#readInTurn(asked, signal);
      } catch (error) {
        const isAway = error instanceof HubError && error.code === 'PART_UNAVAILABLE';
        if (!isAway || attempt === attempts || signal.aborted) throw error;
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    }
  }

  async #readInTurn(asked: Asked, signal: AbortSignal): Promise<EventAnswer | null> {
    const [, { query }, { identity }] = asked;
    const leave = await this.#turnsOf(query.community).take(identity.reader.subject, signal);
    try {
      return await readEvent(...asked, this.#parts, signal);
    } finally {
      leave();
    }
  }

  #turnsOf(community: string): Turns {
    const turns = this.#turns.get(community) ?? new Turns(maxAtOnce, Number.POSITIVE_INFINITY);
    this.#turns.set(community, turns);
    return turns;
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
