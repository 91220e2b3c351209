import express, { type ErrorRequestHandler, type RequestHandler, type Response } from 'express';
import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import { HubError } from '../../schema/errors.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import type { Identity } from '../request/context.ts';
import { constantError } from '../request/errors.ts';
import type { RequestContext } from '../request/context.ts';

/** How long one request may take in all, in milliseconds. */
const requestDeadlineMs = 10_000;
const largestRequest = '256kb';
const deepestRequest = 64;

const bytesOf = new WeakMap<object, number>();

/** Reads a body of JSON up to a bound. */
export const readBody = express.json({
  limit: largestRequest,
  verify: (request, _response, body) => void bytesOf.set(request, body.length),
});

/** Refuses a body that is nested deeper than any honest one: whatever walks through it by recursion would fail. */
export const refuseDepth: RequestHandler = (request, _response, next) => {
  let level: readonly unknown[] = [request.body];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepestRequest) throw new HubError('BAD_REQUEST', 'nested too deep');
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
  next();
};

/** What is on every answer: nothing is stored on the way, and the operators find it by its correlation id. */
export const markAnswer: RequestHandler = (_request, response, next) => {
  response.locals['correlationId'] = randomUUID();
  response.set({
    'cache-control': 'no-store',
    'x-correlation-id': String(response.locals['correlationId']),
    'x-content-type-options': 'nosniff',
  });
  next();
};

/** GraphQL over HTTP, section 6: POST, and GET for queries. */
export const checkMethod: RequestHandler = (request, response, next) => {
  if (request.method === 'POST' || request.method === 'GET') {
    next();
    return;
  }
  response.set('allow', 'GET, POST');
  sendError(response, new HubError('METHOD_NOT_ALLOWED'));
};

/** Identifies the reader, and finds the policy in force, before a byte of the body is parsed. */
export function identifyFirst(
  identify: (authorization: string | undefined, now: Date) => Promise<Identity>,
  policyInForce: () => Policy,
): RequestHandler {
  return async (request, response, next) => {
    const at = new Date();
    const identity = await identify(request.get('authorization'), at);
    response.locals['context'] = {
      ...identity,
      correlationId: String(response.locals['correlationId']),
      at,
      policy: policyInForce(),
      deadline: at.getTime() + requestDeadlineMs,
      disclosed: [],
      lost: new Set(),
      told: new Set(),
      setHeaders: (fields) => void response.set(fields),
    } satisfies RequestContext;
    next();
  };
}

/** Charges a request for its bytes, before any of it is parsed as GraphQL. */
export function chargeFirst(
  charge: (bytes: number, context: RequestContext) => Promise<void>,
): RequestHandler {
  return async (request, response, next) => {
    await charge(bytesOf.get(request) ?? request.originalUrl.length, contextOf(response));
    next();
  };
}

/** The context that the stages work on. */
export function contextOf(response: Response): RequestContext {
  return response.locals['context'] as RequestContext;
}

/** Nothing but /graphql and the health endpoints is here. */
export const notFound: RequestHandler = (_request, response) => {
  sendError(response, new HubError('NOT_FOUND'));
};

/** Every failure before GraphQL begins, as a constant of the table. */
export function failSafely(log: Logger): ErrorRequestHandler {
  return (error: unknown, _request, response, _next) => {
    const correlationId = String(response.locals['correlationId']);
    const known = error instanceof HubError ? error : fromBodyParser(error);
    if (known.status >= 500) log.error({ correlationId, error }, 'a request failed');
    sendError(response, known);
  };
}

function sendError(response: Response, error: HubError): void {
  if (error.code === 'UNAUTHENTICATED') response.set('www-authenticate', 'Bearer');
  response.status(error.status).json({ errors: [constantError(error.code)] });
}

function fromBodyParser(error: unknown): HubError {
  const status = (error as { status?: unknown } | null)?.status;
  if (status === 413) return new HubError('TOO_LARGE', undefined, { cause: error });
  if (status === 400 || status === 415) return new HubError('BAD_REQUEST', undefined, { cause: error });
  return new HubError('INTERNAL', undefined, { cause: error });
}
