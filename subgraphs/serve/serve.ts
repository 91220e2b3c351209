import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express, type Request } from 'express';
import type { GraphQLFormattedError } from 'graphql';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import mongoose from 'mongoose';
import { type Logger, pino } from 'pino';
import { errorTable, isHubErrorCode } from '../../schema/errors.ts';
import { readPolicy } from '../../schema/policy/load.ts';
import type { Policy } from '../../schema/policy/policy.ts';
import type { CommunityPart } from './community.ts';
import { codeOf } from './connection.ts';
import type { Context } from './context.ts';
import { Loaders } from './loaders.ts';
import { toDisclosure } from './row.ts';
import { buildCommunitySchema } from './schema.ts';
import { followSwitch } from './operate/switch.ts';
import type { SubgraphSettings } from './settings.ts';
import { type CommunityStore, openStore } from './store.ts';
import { type AssertedRequest, createVerifier } from './verify.ts';

/** A subgraph that listens: where, and how it stops. */
export type RunningSubgraph = { readonly url: string; stop(): Promise<void> };

/** The largest request that a subgraph reads: a page of representations is far below it. */
const largestRequest = '4mb';

/**
 * Starts a community's subgraph beside its store: verify the hub's assertion, shield, decide, read, answer with
 * what was disclosed. It starts whether or not the store is up.
 */
export async function serve(community: CommunityPart, settings: SubgraphSettings): Promise<RunningSubgraph> {
  const level = process.env['JCU_LOG'] ?? 'warn';
  // pino writes an Error under any other name than its own as {}.
  const serializers = { error: pino.stdSerializers.err };
  const log = pino({ name: community.name, level, serializers }, pino.destination(2));
  const policy = readPolicy();
  const store = openStore(settings.storeUri, community.kinds, (error) =>
    log.error({ error }, 'the store does not answer'),
  );
  const apollo = new ApolloServer<Context>({
    schema: buildCommunitySchema(community, policy),
    introspection: false,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => toConstant(formatted, error, log),
    plugins: [ApolloServerPluginCacheControlDisabled(), tellDisclosed],
    logger: log,
  });
  await apollo.start();
  const turned = followSwitch(store, (error) =>
    log.warn({ error: String(error) }, 'the switch cannot be read'),
  );
  const server = createServer(route(community, settings, store, policy, turned.isOut, apollo, log));
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${settings.host}:${port}/graphql`,
    stop: async () => {
      turned.stop();
      server.close();
      server.closeIdleConnections();
      await apollo.stop();
      await store.connection.close();
    },
  };
}

function route(
  community: CommunityPart,
  settings: SubgraphSettings,
  store: CommunityStore,
  policy: Policy,
  isOut: () => boolean,
  apollo: ApolloServer<Context>,
  log: Logger,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  const verify = createVerifier(settings, log);
  app.get('/health', (_request, response) => {
    response.status(200).json({
      status: 'up',
      store: store.connection.readyState === mongoose.ConnectionStates.connected ? 'up' : 'down',
    });
  });
  app.post(
    '/graphql',
    express.text({ type: () => true, limit: largestRequest }),
    verify,
    // The operator's switch comes after the hub is known: to anybody else this address is as it always is.
    (_request, response, next) => (isOut() ? void response.status(503).end() : next()),
    expressMiddleware(apollo, {
      context: ({ req }) => {
        const { assertion, now } = req as Request & AssertedRequest;
        const { reader } = assertion;
        const holder = policy.holder(reader, now);
        const loaders = new Loaders(store, community.kinds, policy, holder, settings.cursorKey);
        return Promise.resolve({ reader, holder, assertion, loaders });
      },
    }),
  );
  app.use((_request, response) => void response.status(404).end());
  return app;
}

/** Tells the hub what was given, so that the trail has it before the answer leaves. */
const tellDisclosed: ApolloServerPlugin<Context> = {
  requestDidStart: () =>
    Promise.resolve({
      willSendResponse: ({ contextValue, response }) => {
        if (response.body.kind === 'single') {
          response.body.singleResult.extensions = {
            disclosed: contextValue.loaders.given().map(toDisclosure),
          };
        }
        return Promise.resolve();
      },
    }),
};

/** A code of the closed table, its constant message and the path; never what an exception said. */
function toConstant(formatted: GraphQLFormattedError, error: unknown, log: Logger): GraphQLFormattedError {
  const said = codeOf(error)?.code ?? formatted.extensions?.['code'];
  const code = isHubErrorCode(said) ? said : 'INTERNAL';
  if (code === 'INTERNAL') log.error({ error }, 'a request failed');
  return { message: errorTable[code].message, extensions: { code } };
}

async function listen(server: Server, settings: SubgraphSettings): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `port ${settings.port} is in use: stop what listens there, or set JCU_PORT to another`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken) : error);
    });
    server.listen(settings.port, settings.host, resolve);
  });
}
