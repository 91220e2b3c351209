import { HubError } from '../../schema/errors.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Readers } from '../http/context-middleware.ts';
import { permissionClassOf } from '../policy/permission-class.ts';
import type { Identity } from '../request/context.ts';

/** The reader of a token at a time, as a subscriber: never on screen. */
export type Subscriber = {
  readonly identity: Identity;
  readonly policy: Policy;
  readonly permissionClass: string;
};

/** The age up to which the facts about a reader are used again, in milliseconds. */
const maxAgeMs = 1000;

/**
 * The reader of one token, for all its subscriptions. The token, the revocations and the registry are checked again before
 * an event is read, at most once a second.
 */
export class ReaderWatch {
  readonly #authorization: string | undefined;
  readonly #readers: Readers;
  #checkedAt = Number.NEGATIVE_INFINITY;
  #current: Promise<Subscriber> | null = null;
  /** When the first of the reader's shares, grants, agreements and offices ends: the class is another one then. */
  #changesAt = Number.POSITIVE_INFINITY;

  constructor(authorization: string | undefined, readers: Readers) {
    this.#authorization = authorization;
    this.#readers = readers;
  }

  /** The milliseconds since the last check. */
  get age(): number {
    return performance.now() - this.#checkedAt;
  }

  /** Returns the reader with facts of the last second. Rejects with UNAUTHENTICATED, or as the registry does. */
  async fresh(): Promise<Subscriber> {
    const isOld = this.age >= maxAgeMs || Date.now() >= this.#changesAt;
    const { version } = this.#readers.policyInForce();
    if (this.#current !== null && !isOld) {
      const current = await this.#current;
      if (current.policy.version === version) return current;
    }
    this.#checkedAt = performance.now();
    this.#current = this.#check();
    return await this.#current;
  }

  async #check(): Promise<Subscriber> {
    const now = new Date();
    const identity = asSubscriber(await this.#readers.identify(this.#authorization, now));
    if (identity.expiresAt <= now) throw new HubError('UNAUTHENTICATED', 'the token has expired');
    const { reader } = identity;
    const { onwardShares, grants, agreements, offices } = reader;
    const ends = [onwardShares, grants, agreements, offices].flat().map(({ until }) => Date.parse(until));
    this.#changesAt = Math.min(Number.POSITIVE_INFINITY, ...ends);
    const policy = this.#readers.policyInForce();
    const permissionClass = permissionClassOf(reader, policy, now);
    return { identity, policy, permissionClass };
  }
}

/** Returns an identity as a subscriber's: a subscription is never on screen, so TLP:RED is not for it. */
export function asSubscriber<Known extends Pick<Identity, 'reader'>>(identity: Known): Known {
  return { ...identity, reader: { ...identity.reader, onScreen: false } };
}
