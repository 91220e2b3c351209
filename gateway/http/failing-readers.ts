import type { Request, RequestHandler, Response } from 'express';
import { ByteCache } from '../../schema/runtime/byte-cache.ts';
import type { RequestContext } from '../request/context.ts';
import { refuseEarly } from './refuse-early.ts';
import { sizeOf } from './request-body.ts';

/**
 * How many requests of one token may fail: this many at once, and then so many a second. A larger request counts once more
 * for each `bytes`, because its parsing takes longer.
 */
export const failureLimits = { burst: 100, perSecond: 50, bytes: 8192 } as const;

const retryAfterSeconds = '1';
/** About 500 tokens of 1 KB. Only tokens that were verified are remembered. */
const maxBytes = 1_000_000;

/** The failures of a token at a time. They become fewer with the time. */
type Failures = { readonly level: number; readonly at: number; readonly organisation: string };

/**
 * Refuses the requests of a token whose requests keep failing with a status of 400 to 499, before the identity stage. A
 * hostile query is charged by its bytes, but parsing it and refusing it costs the hub's one thread more than that. It
 * refuses by the `authorization` header alone, so a refusal costs no signature, no read of the registry and no parsing.
 */
export class FailingReaders {
  readonly #clock: () => number;
  readonly #failures = new ByteCache<Failures>(maxBytes, 'failing-readers');

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** Refuses with RATE_LIMITED, or counts the request if it fails. */
  readonly admit: RequestHandler = (request, response, next) => {
    const { authorization } = request.headers;
    if (authorization === undefined) {
      next();
      return;
    }
    const token = signedPartOf(authorization);
    const failures = this.#failures.get(token);
    if (failures !== undefined && this.#levelOf(failures) >= failureLimits.burst) {
      response.locals['organisation'] = failures.organisation;
      refuseEarly(response, 'RATE_LIMITED', retryAfterSeconds);
      return;
    }
    response.once('close', () => this.#note(token, request, response));
    next();
  };

  #note(token: string, request: Request, response: Response): void {
    const { statusCode } = response;
    const context = response.locals['context'] as RequestContext | undefined;
    if (context === undefined || statusCode < 400 || statusCode >= 500) return;
    const known = this.#failures.get(token);
    const weight = 1 + Math.floor(sizeOf(request) / failureLimits.bytes);
    const level = weight + (known === undefined ? 0 : this.#levelOf(known));
    const { organisation } = context.reader;
    this.#failures.set(token, { level, at: this.#clock(), organisation }, 2 * organisation.length);
  }

  #levelOf({ level, at }: Failures): number {
    return Math.max(0, level - ((this.#clock() - at) / 1000) * failureLimits.perSecond);
  }
}

/** Returns what a token's signature is for. The signature and the scheme before the token have several valid spellings. */
function signedPartOf(authorization: string): string {
  const token = authorization.slice(authorization.lastIndexOf(' ') + 1);
  const end = token.lastIndexOf('.');
  return end === -1 ? token : token.slice(0, end);
}
