import type { Logger } from 'pino';
import type { Session } from '../../schema/protocol/session.ts';
import type { Agree } from './agree.ts';

/** A session between this hub process and one community. */
export type HeldSession = {
  readonly session: Session;
  readonly signedBy: string;
  readonly renewFrom: number;
  /** Returns the number of the next assertion. */
  next(): number;
};

/** A session is not used in its last 30 s: an assertion could expire in transit. */
const spareMs = 30_000;
/** The pause after a failed renewal. The current session stays in use meanwhile. */
const renewPauseMs = 5000;
/** After a refusal, at most one session is agreed in this time. */
const refusalPauseMs = 1000;

/**
 * Keeps the session of this hub process with one community. The first use agrees on it. After half of its lifetime, or
 * when the hub's key changes, it is renewed in the background while the old one stays in use. At most one agreement is
 * in progress at a time.
 */
export class Sessions {
  readonly #agree: Agree;
  readonly #signingKey: () => string;
  readonly #log: Pick<Logger, 'warn'>;
  readonly #clock: () => number;
  #current: HeldSession | null = null;
  #agreeing: Promise<HeldSession> | null = null;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(agree: Agree, signingKey: () => string, log: Pick<Logger, 'warn'>, clock = Date.now) {
    this.#agree = agree;
    this.#signingKey = signingKey;
    this.#log = log;
    this.#clock = clock;
  }

  /** Returns the current session. Rejects if no session can be agreed. */
  async take(): Promise<HeldSession> {
    const now = this.#clock();
    const current = this.#current;
    if (current === null || now >= current.session.endsAt.getTime() - spareMs) return await this.#join();
    if (now >= current.renewFrom || current.signedBy !== this.#signingKey()) this.#renew(now);
    return current;
  }

  /**
   * Returns a new session after the subgraph refused one, for example after its restart. Returns null if a session was
   * agreed less than a second ago: a subgraph that rejects every session causes at most one handshake per second.
   */
  async takeAfterRefusal(refused: HeldSession): Promise<HeldSession | null> {
    if (this.#current !== null && this.#current !== refused) return this.#current;
    if (this.#agreeing !== null) return await this.#agreeing;
    const now = this.#clock();
    if (now - this.#refusedAt < refusalPauseMs) return null;
    this.#refusedAt = now;
    return await this.#join();
  }

  #renew(now: number): void {
    if (now - this.#renewedAt < renewPauseMs) return;
    this.#renewedAt = now;
    this.#join().catch((error: unknown) => {
      this.#log.warn(
        { error: String(error) },
        'a session could not be renewed: the current one stays in use',
      );
    });
  }

  async #join(): Promise<HeldSession> {
    this.#agreeing ??= this.#hold().finally(() => (this.#agreeing = null));
    return await this.#agreeing;
  }

  async #hold(): Promise<HeldSession> {
    const { session, signedBy } = await this.#agree();
    const now = this.#clock();
    let number = 0;
    const renewFrom = now + (session.endsAt.getTime() - now) / 2;
    this.#current = { session, signedBy, renewFrom, next: () => (number += 1) };
    return this.#current;
  }
}
