import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import {
  checkAssertion,
  openAssertion,
  sessionOf,
  type VerifiedAssertion,
} from '../../../schema/protocol/assertion.ts';
import { type HubKeys, acceptOffer } from '../../../schema/protocol/session.ts';
import { HubSessions } from './subgraph-sessions.ts';
import type { SubgraphSettings } from '../settings.ts';

/** Properties of a verified request: its assertion, and the time that every decision on it uses. */
export type AssertedRequest = { assertion: VerifiedAssertion; now: Date };

/** Far above the size of a page of entity representations. */
const maxRequestSize = '4mb';
const maxOfferSize = '4kb';

/**
 * Authenticates the hub. Answers 401 without a body to every other request, so that a caller learns nothing: no
 * session; a missing, foreign or replayed assertion; another body; another address.
 */
export class HubAuthenticator {
  readonly #ends: { readonly community: string; readonly deployment: string };
  readonly #keys: () => HubKeys;
  readonly #log: Logger;
  readonly #sessions = new HubSessions();

  constructor(
    { community, deployment }: Pick<SubgraphSettings, 'community' | 'deployment'>,
    keys: () => HubKeys,
    log: Logger,
  ) {
    this.#ends = { community, deployment };
    this.#keys = keys;
    this.#log = log;
  }

  /** Ends the sessions that were agreed under keys that the hub no longer has. */
  retainSessions(keys: HubKeys): void {
    this.#sessions.retain(keys);
  }

  /** Returns whether the session of a verified request is still valid: a stream must not outlive it. */
  isInSession({ session }: Pick<VerifiedAssertion, 'session'>, now: Date): boolean {
    const found = this.#sessions.find(session);
    return found !== undefined && now < found.endsAt;
  }

  /** Handles the hub's offer of a session. */
  acceptSession(): readonly RequestHandler[] {
    return [express.text({ type: () => true, limit: maxOfferSize, inflate: false }), this.#acceptOffer];
  }

  /**
   * Verifies the assertion of a request. Checks the signature before it reads the body; then checks that the assertion
   * is for this body and was not used before.
   */
  verifyRequest(): readonly RequestHandler[] {
    return [
      this.#checkSignature,
      express.raw({ type: () => true, limit: maxRequestSize, inflate: false }),
      this.#checkBody,
    ];
  }

  readonly #acceptOffer: RequestHandler = async (request, response) => {
    try {
      const keys = this.#keys();
      const now = new Date();
      const taken = await acceptOffer(String(request.body), this.#ends, keys, now);
      this.#sessions.add(taken, now);
      // The keys may have changed while the offer was verified.
      this.#sessions.retain(this.#keys());
      response.set('cache-control', 'no-store').json(taken.answer);
    } catch (error) {
      this.#reject(response, error);
    }
  };

  readonly #checkSignature: RequestHandler = (request, response, next) => {
    try {
      const token = bearer(request);
      const session = this.#sessions.find(sessionOf(token) ?? '');
      if (session === undefined) throw new Error('the assertion names no session of this subgraph');
      response.locals['opened'] = { session, claims: openAssertion(token, session) };
    } catch (error) {
      this.#reject(response, error);
      return;
    }
    next();
  };

  readonly #checkBody: RequestHandler = (request, response, next) => {
    try {
      const { session, claims } = response.locals['opened'];
      const body: unknown = request.body;
      if (!Buffer.isBuffer(body)) throw new Error('the request has no body');
      const now = new Date();
      const assertion = checkAssertion(claims, session, body, now);
      if (!this.#sessions.claim(assertion)) throw new Error('the assertion was used before');
      Object.assign(request, { assertion, now } satisfies AssertedRequest);
      request.body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch (error) {
      this.#reject(response, error);
      return;
    }
    next();
  };

  /** Rejects every address that has no route. */
  readonly rejectUnknownPath: RequestHandler = (_request, response) => {
    this.#reject(response, 'no such address');
  };

  /** Handles errors of express: 401 before the request is verified, 500 after it. */
  readonly handleError: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    if (!('assertion' in request)) {
      this.#reject(response, error);
      return;
    }
    this.#log.error({ error }, 'a request failed');
    response.status(500).end();
  };

  #reject(response: Response, error: unknown): void {
    this.#log.warn({ error: String(error) }, 'rejected a request that the hub did not sign');
    response.status(401).end();
  }
}

function bearer(request: Request): string {
  return /^Bearer ([\w.-]+)$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
}
