import type { VerifiedAssertion } from '../../../schema/protocol/assertion.ts';
import type { HubKeys, Session, TakenSession } from '../../../schema/protocol/session.ts';

/** Enough for dozens of hub processes, each with the session that it uses and the one that it had before. */
export const maxSessions = 128;

/**
 * The sessions that the hub's processes have with this subgraph process. Bounded: one too many ends the oldest, whose
 * hub then agrees on a new one. They are kept in this process alone; a restart ends them, and with them every
 * assertion that was captured before. (So one address leads to one process of a subgraph.)
 */
export class HubSessions {
  readonly #sessions = new Map<string, Held>();
  readonly #offers = new Map<string, number>();

  /** Adds a session, once for each offer: throws where the offer was taken before. */
  add(taken: TakenSession, now: Date): void {
    const { id } = taken.session;
    this.#forget(now);
    if (this.#offers.has(id)) throw new Error('the offer was taken before');
    this.#offers.set(id, taken.offerEndsAt.getTime());
    this.#sessions.set(id, { session: taken.session, signedBy: taken.signedBy, used: new UsedNumbers() });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** Whether this is the assertion's first use, and its session is still kept; remembers it. */
  take({ session, number }: Pick<VerifiedAssertion, 'session' | 'number'>): boolean {
    return this.#sessions.get(session)?.used.take(number) ?? false;
  }

  /** Ends the sessions whose key is not among these any more, or is another under the same name. */
  keepOnly(keys: HubKeys): void {
    for (const [id, { signedBy }] of this.#sessions) {
      if (keys.get(signedBy.kid)?.x !== signedBy.x) this.#sessions.delete(id);
    }
  }

  #forget(now: Date): void {
    for (const [id, { session }] of this.#sessions) if (session.endsAt <= now) this.#sessions.delete(id);
    for (const [id, until] of this.#offers) if (until < now.getTime()) this.#offers.delete(id);
  }
}

type Held = {
  readonly session: Session;
  readonly signedBy: TakenSession['signedBy'];
  readonly used: UsedNumbers;
};

const windowSize = 16_384;

/**
 * The numbers of a session that were used, in a window behind the highest (as RFC 4303, section 3.4.3, does it): each
 * is good once, in any order within the window, and none from before it. A constant 64 KiB for each session.
 */
export class UsedNumbers {
  readonly #places = new Uint32Array(windowSize);
  #highest = 0;

  /** Whether this is the number's first use; remembers it. */
  take(number: number): boolean {
    if (!Number.isInteger(number) || number < 1 || number >= 2 ** 32) return false;
    if (number <= this.#highest - windowSize) return false;
    const place = number % windowSize;
    if (this.#places[place] === number) return false;
    this.#places[place] = number;
    this.#highest = Math.max(this.#highest, number);
    return true;
  }
}
