import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginLandingPageDisabled,
} from '@apollo/server/plugin/disabled';
import type { ExecutionResult } from 'graphql';
import type { Logger } from 'pino';
import { errorTable, isHubErrorCode } from '../../schema/errors.ts';
import { gatewayOf, type Incoming } from '../plan/apollo-gateway.ts';
import type { Planner } from '../plan/planner.ts';
import type { RequestContext } from '../request/context.ts';
import { toConstant } from './constant-errors.ts';
import { createDocumentStore, maxTokens } from './document-store.ts';
import { toGraphQLError } from '../request/errors.ts';
import { stringifyResult } from '../shape/written-data.ts';

/** Creates the GraphQL server. It parses a document; `execute` runs the stages instead of Apollo, validation included. */
export function createApollo(
  planner: Planner,
  execute: (incoming: Incoming) => Promise<ExecutionResult>,
  plugins: readonly ApolloServerPlugin<RequestContext>[],
  log: Logger,
): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    gateway: gatewayOf(
      planner,
      async (incoming) =>
        await execute(incoming).catch((error: unknown) => {
          throw toGraphQLError(error, log);
        }),
    ) as never,
    introspection: true,
    parseOptions: { maxTokens },
    // The stage "budget" limits and charges a document before the stage "request" validates it.
    dangerouslyDisableValidation: true,
    documentStore: createDocumentStore(),
    // The cache is shared: a hash that one reader registered would run for another, and reveal that it was registered.
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stringifyResult,
    stopOnTerminationSignals: false,
    csrfPrevention: { requestHeaders: [...preflightHeaders] },
    formatError: (formatted) => toConstant(formatted),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      statusOfTable,
      ...plugins,
    ],
    logger: log,
  });
}

/**
 * Request headers that a page cannot send to another origin without a preflight request. One of them, or a JSON body, is
 * required. No browser adds `authorization` on its own initiative, so a GET with a bearer token is no cross-site request forgery.
 */
const preflightHeaders = ['authorization', 'apollo-require-preflight', 'x-apollo-operation-name'];

/** Apollo Server answers some refused requests, such as a persisted query, with the status 200. */
const statusOfTable: ApolloServerPlugin<RequestContext> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ response: { body, http } }) => {
        if (body.kind === 'single' && body.singleResult.data === undefined && (http.status ?? 200) < 400) {
          const code = body.singleResult.errors?.[0]?.extensions?.['code'];
          http.status = errorTable[isHubErrorCode(code) ? code : 'INTERNAL'].status;
        }
        // The hub's own header forbids to store any response.
        http.headers.delete('cache-control');
        return Promise.resolve();
      },
    }),
};
