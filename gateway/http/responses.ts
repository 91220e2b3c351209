import { randomUUID } from 'node:crypto';
import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import { HubError } from '../../schema/errors.ts';
import { constantError } from '../request/errors.ts';

/** Sets the headers of every response: no caching, and a correlation id that operators can look up in the log. */
export const setCommonHeaders: RequestHandler = (_request, response, next) => {
  response.locals['correlationId'] = randomUUID();
  response.set({
    'cache-control': 'no-store',
    'x-correlation-id': correlationIdOf(response),
    'x-content-type-options': 'nosniff',
  });
  next();
};

/** Returns the correlation id that `setCommonHeaders` created. */
export function correlationIdOf(response: Response): string {
  return String(response.locals['correlationId']);
}

/** Accepts POST and GET only (GraphQL over HTTP, section 6). */
export const checkMethod: RequestHandler = (request, response, next) => {
  if (request.method === 'POST' || request.method === 'GET') {
    next();
    return;
  }
  response.set('allow', 'GET, POST, OPTIONS');
  sendError(request, response, new HubError('METHOD_NOT_ALLOWED'));
};

/** Responds with NOT_FOUND to every path except `/graphql` and the probes. */
export const notFound: RequestHandler = (request, response) => {
  sendError(request, response, new HubError('NOT_FOUND'));
};

/** Handles failures outside GraphQL: logs server errors, and responds with the constant error of the code. */
export function failSafely(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, _next) => {
    const known = toHubError(error);
    if (known.status >= 500)
      log.error({ correlationId: correlationIdOf(response), error }, 'a request failed');
    sendError(request, response, known);
  };
}

function sendError(request: Request, response: Response, error: HubError): void {
  // For `countFailures`.
  response.locals['failure'] = error.code;
  if (error.code === 'UNAUTHENTICATED')
    response.set('www-authenticate', challengeOf(request.get('authorization')));
  response.status(error.status).json({ errors: [constantError(error.code)] });
}

/**
 * Returns the challenge of a 401 (RFC 6750, section 3). It has `error="invalid_token"` only if a bearer token was sent: a
 * client renews its token on that error. The description is the same for every reason.
 */
export function challengeOf(authorization: string | undefined): string {
  if (!/^Bearer +\S/i.test(authorization ?? '')) return 'Bearer';
  return (
    'Bearer error="invalid_token", error_description="The access token is expired, malformed, withdrawn, ' +
    'or not one for this hub"'
  );
}

/** Maps any failure to a HubError, errors of express's body parser by their status. */
export function toHubError(error: unknown): HubError {
  if (error instanceof HubError) return error;
  const status = (error as { status?: unknown } | null)?.status;
  if (status === 413) return new HubError('TOO_LARGE', undefined, { cause: error });
  if (status === 415) return new HubError('UNSUPPORTED_MEDIA_TYPE', undefined, { cause: error });
  if (status === 400) return new HubError('BAD_REQUEST', undefined, { cause: error });
  return new HubError('INTERNAL', undefined, { cause: error });
}
