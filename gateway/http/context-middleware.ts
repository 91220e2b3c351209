import type { RequestHandler, Response } from 'express';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Identity, RequestContext } from '../request/context.ts';
import { observedOf } from './observe-request.ts';
import { sizeOf } from './request-body.ts';
import { correlationIdOf } from './responses.ts';

/** The time that one request may take in all, in milliseconds. */
const requestDeadlineMs = 10_000;

/** Creates the request context before the body is parsed: the reader, and the policy in force. */
export function identifyFirst(
  identify: (authorization: string | undefined, now: Date) => Promise<Identity>,
  policyInForce: () => Policy,
): RequestHandler {
  return async (request, response, next) => {
    const at = new Date();
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const identity = await identify(request.get('authorization'), at);
    response.locals['context'] = {
      ...identity,
      correlationId: correlationIdOf(response),
      at,
      policy: policyInForce(),
      deadline: at.getTime() + requestDeadlineMs,
      signal: gone.signal,
      setHeaders: (fields) => void response.set(fields),
      observed: observedOf(response),
    } satisfies RequestContext;
    next();
  };
}

/** Charges the reader for the bytes of a request before they are parsed as GraphQL. */
export function chargeFirst(
  charge: (bytes: number, context: RequestContext) => Promise<void>,
): RequestHandler {
  return async (request, response, next) => {
    await charge(sizeOf(request), contextOf(response));
    next();
  };
}

/** Returns the context that `identifyFirst` created. */
export function contextOf(response: Response): RequestContext {
  return response.locals['context'] as RequestContext;
}
