import { HubError, type HubErrorCode } from '../../schema/errors.ts';
import type { Readers } from '../http/context-middleware.ts';
import { ReaderWatch } from './reader-watch.ts';
import type { Subscription } from './subscription.ts';

type Watched = { readonly watch: ReaderWatch; readonly of: Set<Subscription>; uses: number };

/** The pause between two rounds of checks, in milliseconds. */
const checkMs = 5000;
/** A token is checked in a round if its last check would be older than this at the next round. */
const maxAgeMs = 8000;

/** The readers of the open subscriptions, by token. */
export class ReaderWatches {
  readonly #readers: Readers;
  readonly #tokens = new Map<string, Watched>();
  readonly #timer: NodeJS.Timeout;

  constructor(readers: Readers) {
    this.#readers = readers;
    this.#timer = setInterval(() => void this.#checkAll(), checkMs).unref();
  }

  /** Returns the watch of a token. Call `leave` once for each call. */
  enter(authorization = ''): ReaderWatch {
    const known = this.#tokens.get(authorization) ?? {
      watch: new ReaderWatch(authorization, this.#readers),
      of: new Set<Subscription>(),
      uses: 0,
    };
    known.uses += 1;
    this.#tokens.set(authorization, known);
    return known.watch;
  }

  /** Ends a subscription when the token expires, or a check refuses its reader. */
  add(authorization = '', subscription: Subscription): void {
    this.#tokens.get(authorization)?.of.add(subscription);
    subscription.endAt(subscription.started.identity.expiresAt);
  }

  leave(authorization = '', subscription: Subscription): void {
    const known = this.#tokens.get(authorization);
    if (known === undefined) return;
    known.of.delete(subscription);
    known.uses -= 1;
    if (known.uses === 0) this.#tokens.delete(authorization);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #checkAll(): Promise<void> {
    const old = [...this.#tokens.values()].filter(({ watch }) => watch.age >= maxAgeMs - checkMs);
    await Promise.all(old.map(check));
  }
}

/** Ends the subscriptions of a token whose reader is refused, or has another permission class than at their start. */
async function check({ watch, of }: Watched): Promise<void> {
  const end = (code: HubErrorCode, permissionClass?: string) => {
    for (const one of of) if (one.started.permissionClass !== permissionClass) one.end(code);
  };
  try {
    const { permissionClass } = await watch.fresh();
    end('RESUME_EXPIRED', permissionClass);
  } catch (error) {
    // While the registry or the issuer is not available, no event is delivered, because each event needs a check.
    if (error instanceof HubError && error.code === 'UNAUTHENTICATED') end('UNAUTHENTICATED');
  }
}
