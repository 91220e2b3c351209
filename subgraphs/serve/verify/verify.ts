import express, { type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import {
  checkAssertion,
  openAssertion,
  sessionOf,
  type VerifiedAssertion,
} from '../../../schema/protocol/assertion.ts';
import { type HubKeys, takeOffer } from '../../../schema/protocol/session.ts';
import { HubSessions } from './subgraph-sessions.ts';
import type { SubgraphSettings } from '../settings.ts';

/** What a verified request carries on: the assertion, and the instant that everything is decided at. */
export type AssertedRequest = { assertion: VerifiedAssertion; now: Date };

/** The largest request that a subgraph reads: a page of representations is far below it. */
const largestRequest = '4mb';
const largestOffer = '4kb';

/**
 * The door of a subgraph, which lets only the hub in. Whatever else comes is answered 401 and nothing more, whatever
 * was wrong with it: no session, no or a foreign or a used assertion, another body, another address.
 */
export class Door {
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

  /** Ends the sessions under keys that are the hub's no more. */
  keepOnly(keys: HubKeys): void {
    this.#sessions.keepOnly(keys);
  }

  /** Takes the hub's offer of a session. */
  agree(): readonly RequestHandler[] {
    return [express.text({ type: () => true, limit: largestOffer, inflate: false }), this.#agree];
  }

  /** Verifies the assertion of a request: whose it is before its body is read, then that it is for this body, once. */
  verify(): readonly RequestHandler[] {
    return [
      this.#open,
      express.raw({ type: () => true, limit: largestRequest, inflate: false }),
      this.#check,
    ];
  }

  readonly #agree: RequestHandler = async (request, response) => {
    try {
      const keys = this.#keys();
      const now = new Date();
      const taken = await takeOffer(String(request.body), this.#ends, keys, now);
      this.#sessions.add(taken, now);
      // The keys may have changed while the offer was verified.
      this.#sessions.keepOnly(this.#keys());
      response.set('cache-control', 'no-store').json(taken.answer);
    } catch (error) {
      this.#shut(response, error);
    }
  };

  readonly #open: RequestHandler = (request, response, next) => {
    try {
      const token = bearer(request);
      const session = this.#sessions.find(sessionOf(token) ?? '');
      if (session === undefined) throw new Error('no session of this subgraph');
      response.locals['opened'] = { session, claims: openAssertion(token, session) };
    } catch (error) {
      this.#shut(response, error);
      return;
    }
    next();
  };

  readonly #check: RequestHandler = (request, response, next) => {
    try {
      const { session, claims } = response.locals['opened'];
      const body: unknown = request.body;
      if (!Buffer.isBuffer(body)) throw new Error('no body');
      const now = new Date();
      const assertion = checkAssertion(claims, session, body, now);
      if (!this.#sessions.take(assertion)) throw new Error('the assertion was used before');
      Object.assign(request, { assertion, now } satisfies AssertedRequest);
      request.body = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    } catch (error) {
      this.#shut(response, error);
      return;
    }
    next();
  };

  /** Every other address. */
  readonly elsewhere: RequestHandler = (_request, response) => {
    this.#shut(response, 'no such address');
  };

  /** What fails before a request is verified is a stranger's; after that it is ours. */
  readonly failed: ErrorRequestHandler = (error: unknown, request, response, _next) => {
    if (!('assertion' in request)) {
      this.#shut(response, error);
      return;
    }
    this.#log.error({ error }, 'a request failed');
    response.status(500).end();
  };

  #shut(response: Response, error: unknown): void {
    this.#log.warn({ error: String(error) }, 'a request that is not the hub’s');
    response.status(401).end();
  }
}

function bearer(request: Request): string {
  return /^Bearer ([\w.-]+)$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
}
