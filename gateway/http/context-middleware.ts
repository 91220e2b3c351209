import type { RequestHandler, Response } from 'express';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { LargeRequests } from '../budget/large-requests.ts';
import type { Identity, RequestContext } from '../request/context.ts';
import { observedOf } from './observe-request.ts';
import { sizeOf } from './request-body.ts';
import { correlationIdOf } from './responses.ts';

/** The time that one request may take in all, in milliseconds. */
const requestDeadlineMs = 10_000;

/** Returns the reader of an `authorization` header at a time. Throws UNAUTHENTICATED. */
export type Identify = (authorization: string | undefined, now: Date) => Promise<Identity>;

/** The sources of a request's context. `policyInForce` throws POLICY_UNAVAILABLE. */
export type Readers = { readonly identify: Identify; readonly policyInForce: () => Policy };

/** Creates the context of one operation: the reader, and the policy in force. */
export async function createContext(
  { identify, policyInForce }: Readers,
  authorization: string | undefined,
  request: Pick<RequestContext, 'correlationId' | 'signal' | 'setHeaders' | 'observed'>,
): Promise<RequestContext> {
  const at = new Date();
  const identity = await identify(authorization, at);
  const deadline = at.getTime() + requestDeadlineMs;
  return { ...identity, ...request, at, policy: policyInForce(), deadline };
}

/** Creates the request context before the body is parsed: the reader, and the policy in force. */
export function identifyFirst(readers: Readers): RequestHandler {
  return async (request, response, next) => {
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    response.locals['context'] = await createContext(readers, request.get('authorization'), {
      correlationId: correlationIdOf(response),
      signal: gone.signal,
      setHeaders: (fields) => void response.set(fields),
      observed: observedOf(response),
    });
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

/** Lets a large request wait for its turn, before its document is parsed. The turn ends with the response at the latest. */
export function waitForTurn(large: LargeRequests): RequestHandler {
  return async (request, response, next) => {
    const context = contextOf(response);
    const endTurn = await large.enter(sizeOf(request), context);
    response.locals['context'] = { ...context, endTurn } satisfies RequestContext;
    response.once('close', endTurn);
    if (response.closed) endTurn();
    next();
  };
}

/** Returns the context that `identifyFirst` created. */
export function contextOf(response: Response): RequestContext {
  return response.locals['context'] as RequestContext;
}
