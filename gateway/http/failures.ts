import type { ApolloServerPlugin } from '@apollo/server';
import type { RequestHandler } from 'express';
import type { Attempts } from '../audit/attempts.ts';
import type { RequestContext } from '../request/context.ts';

/** The codes of requests that Apollo Server answered without data, until their responses end. */
const codes = new WeakMap<object, string>();

/**
 * Counts each request that ends with an error and without data: it has no audit entry. Put it before all other stages.
 * The code is that of the error; BAD_REQUEST if Apollo Server refused the request before it had a context.
 */
export function countFailures(attempts: Pick<Attempts, 'count'>): RequestHandler {
  return (_request, response, next) => {
    // `close` follows `finish`, and also comes if the client does not wait for the response.
    response.once('close', () => {
      const context = response.locals['context'] as RequestContext | undefined;
      const stated: unknown = response.locals['failure'] ?? (context && codes.get(context));
      const code = typeof stated === 'string' ? stated : response.statusCode >= 400 ? 'BAD_REQUEST' : null;
      if (code !== null) attempts.count(code, context?.reader.organisation ?? null);
    });
    next();
  };
}

/** Notes the code of a GraphQL response without data for `countFailures`. */
export const noteFailure: ApolloServerPlugin<RequestContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response: { body }, contextValue }) => {
        if (body.kind === 'single' && body.singleResult.data === undefined) {
          const code: unknown = body.singleResult.errors?.[0]?.extensions?.['code'];
          codes.set(contextValue, typeof code === 'string' ? code : 'INTERNAL');
        }
        return Promise.resolve();
      },
    }),
};
