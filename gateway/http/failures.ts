import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestHandler } from 'express';
import type { Attempts } from '../audit/attempts.ts';
import type { RequestContext } from '../request/context.ts';
import { correlationIdOf } from './responses.ts';

/**
 * The open requests by correlation id, with the code of the error if Apollo Server answered without data. The context is
 * no key: Apollo Server copies it. A request whose client has gone is not open any more, so the map stays small.
 */
const open = new Map<string, string | null>();

/**
 * Counts each request that ends with an error and without data: it has no audit entry. Put it behind the probes.
 * The code is that of the error; BAD_REQUEST if Apollo Server refused the request before it had a context.
 */
export function countFailures(attempts: Pick<Attempts, 'count'>): RequestHandler {
  return (_request, response, next) => {
    const id = correlationIdOf(response);
    open.set(id, null);
    // `close` follows `finish`, and also comes if the client does not wait for the response.
    response.once('close', () => {
      const context = response.locals['context'] as RequestContext | undefined;
      const stated: unknown = response.locals['failure'] ?? open.get(id);
      open.delete(id);
      const code = typeof stated === 'string' ? stated : response.statusCode >= 400 ? 'BAD_REQUEST' : null;
      // A request that was refused before the identity stage may have the organisation only.
      const known = response.locals['organisation'] as string | undefined;
      if (code !== null) attempts.count(code, context?.reader.organisation ?? known ?? null);
    });
    next();
  };
}

/** Notes the code of a GraphQL response without data for `countFailures`. */
export const noteFailure: ApolloServerPlugin<RequestContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response: { body }, contextValue: { correlationId } }) => {
        const hasNoData = body.kind === 'single' && body.singleResult.data === undefined;
        if (hasNoData && open.has(correlationId)) {
          const code: unknown = body.singleResult.errors?.[0]?.extensions?.['code'];
          open.set(correlationId, typeof code === 'string' ? code : 'INTERNAL');
        }
        return Promise.resolve();
      },
    }),
};
