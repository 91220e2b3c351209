import type { VerifiedAssertion } from '../../../schema/protocol/assertion.ts';
import type { HubKeys, Session, AcceptedSession } from '../../../schema/protocol/session.ts';

/** Enough for dozens of hub processes, each with its current session and its previous one. */
export const maxSessions = 128;

/**
 * The sessions of the hub's processes with this subgraph process. At most `maxSessions`: one more ends the oldest, and
 * its hub process then agrees on a new one. Sessions are kept in memory only, so a restart invalidates every captured
 * assertion. One address must therefore lead to one process of a subgraph.
 */
export class HubSessions {
  readonly #sessions = new Map<string, StoredSession>();
  /** When each offer that was used expires, in milliseconds since the epoch. Until then it must not be used again. */
  readonly #usedOffers = new Map<string, number>();

  /** Adds a session. Throws if its offer was used before. */
  add(taken: AcceptedSession, now: Date): void {
    const { id } = taken.session;
    this.#removeExpired(now);
    if (this.#usedOffers.has(id)) throw new Error('the session offer was used before');
    this.#usedOffers.set(id, taken.offerEndsAt.getTime());
    this.#sessions.set(id, { session: taken.session, signedBy: taken.signedBy, window: new ReplayWindow() });
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > maxSessions && oldest !== undefined) this.#sessions.delete(oldest);
  }

  find(id: string): Session | undefined {
    return this.#sessions.get(id)?.session;
  }

  /** Marks an assertion as used. Returns false if it was used before or its session has ended. */
  claim({ session, number }: Pick<VerifiedAssertion, 'session' | 'number'>): boolean {
    return this.#sessions.get(session)?.window.claim(number) ?? false;
  }

  /** Ends the sessions that were agreed under a key that is not in this set, or has another value under the same `kid`. */
  retain(keys: HubKeys): void {
    for (const [id, { signedBy }] of this.#sessions) {
      if (keys.get(signedBy.kid)?.x !== signedBy.x) this.#sessions.delete(id);
    }
  }

  #removeExpired(now: Date): void {
    for (const [id, { session }] of this.#sessions) if (session.endsAt <= now) this.#sessions.delete(id);
    for (const [id, until] of this.#usedOffers) if (until < now.getTime()) this.#usedOffers.delete(id);
  }
}

type StoredSession = {
  readonly session: Session;
  readonly signedBy: AcceptedSession['signedBy'];
  readonly window: ReplayWindow;
};

const windowSize = 16_384;

/**
 * Anti-replay window over the assertion numbers of one session (as in RFC 4303, section 3.4.3). Accepts each number
 * once, in any order within the 16,384 numbers below the highest one seen; rejects older numbers. Uses 64 KiB.
 */
export class ReplayWindow {
  readonly #slots = new Uint32Array(windowSize);
  #highest = 0;

  /** Marks a number as used. Returns false if it was used before, is below the window or is not a valid number. */
  claim(number: number): boolean {
    if (!Number.isInteger(number) || number < 1 || number >= 2 ** 32) return false;
    if (number <= this.#highest - windowSize) return false;
    const slot = number % windowSize;
    if (this.#slots[slot] === number) return false;
    this.#slots[slot] = number;
    this.#highest = Math.max(this.#highest, number);
    return true;
  }
}
