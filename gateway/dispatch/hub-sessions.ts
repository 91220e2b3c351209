import type { Logger } from 'pino';
import type { Session } from '../../schema/protocol/session.ts';
import type { Agree } from './agree.ts';

/** A session that this hub process holds with one community. */
export type HeldSession = {
  readonly session: Session;
  readonly signedBy: string;
  readonly renewFrom: number;
  /** The number of the next assertion. */
  next(): number;
};

/** No assertion is begun in a session's last half minute: it would end on the way. */
const spareMs = 30_000;
/** A renewal that failed is tried again after this, while the session that there is goes on. */
const renewPauseMs = 5000;
/** One session is agreed anew in this time for being refused, whatever a subgraph refuses. */
const refusalPauseMs = 1000;

/**
 * The session of this hub process with one community: agreed when first needed, and anew in the background from half
 * of its life, or when the hub's key changes, while the old one is still good. At most one agreement is under way.
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

  /** The session to ask in. Rejects where none can be agreed. */
  async take(): Promise<HeldSession> {
    const now = this.#clock();
    const current = this.#current;
    if (current === null || now >= current.session.endsAt.getTime() - spareMs) return await this.#join();
    if (now >= current.renewFrom || current.signedBy !== this.#signingKey()) this.#renew(now);
    return current;
  }

  /**
   * Another session after the subgraph refused this one, as it does after a restart or when a key is gone. Null where
   * the one that was agreed for this a moment ago is refused as well: who refuses all makes the hub work no more.
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
      this.#log.warn({ error: String(error) }, 'a session is not renewed yet');
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
