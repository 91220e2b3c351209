import type { RequestHandler, Request } from 'express';
import { createLocalJWKSet } from 'jose';
import type { Logger } from 'pino';
import { UsedAssertions, type VerifiedAssertion, verifyAssertion } from '../../schema/assertion.ts';
import type { SubgraphSettings } from './settings.ts';

/** What a verified request carries on: the assertion, and the instant that everything is decided at. */
export type AssertedRequest = { assertion: VerifiedAssertion; now: Date };

/**
 * Lets only the hub in: a request without a valid, unused assertion for this subgraph, this deployment and this
 * very body is answered 401 and nothing more, whatever was wrong with it.
 */
export function createVerifier(settings: SubgraphSettings, log: Logger): RequestHandler {
  const keys = createLocalJWKSet(settings.hubKeys as never);
  const used = new UsedAssertions();
  return async (request, response, next) => {
    const body: unknown = request.body;
    const now = new Date();
    try {
      if (typeof body !== 'string') throw new Error('no body');
      const expected = { audience: settings.community, deployment: settings.deployment, body };
      const assertion = await verifyAssertion(bearer(request), expected, keys, now);
      if (!used.take(assertion, now)) throw new Error('the assertion was used before');
      Object.assign(request, { assertion, now } satisfies AssertedRequest);
      request.body = JSON.parse(body);
    } catch (error) {
      log.warn({ error: String(error) }, 'a request without a valid assertion');
      response.status(401).end();
      return;
    }
    next();
  };
}

function bearer(request: Request): string {
  return /^Bearer ([\w.-]+)$/.exec(request.get('authorization') ?? '')?.[1] ?? '';
}
