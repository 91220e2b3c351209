import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express, type Request } from 'express';
import type { GraphQLFormattedError } from 'graphql';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { errorTable, isHubErrorCode } from '../../schema/errors.ts';
import { readPolicy } from '../../schema/policy/load.ts';
import type { Policy } from '../../schema/policy/policy.ts';
import { watchFile } from '../../schema/watched-file.ts';
import type { CommunityPart } from './community.ts';
import { codeOf } from './connection.ts';
import type { Context } from './context.ts';
import { readHubKeys } from './hub-keys.ts';
import { Loaders } from './loaders.ts';
import { toDisclosure } from './row.ts';
import { buildCommunitySchema } from './schema.ts';
import { followSwitch } from './operate/switch.ts';
import type { SubgraphSettings } from './settings.ts';
import { type CommunityStore, openStore } from './store.ts';
import { type AssertedRequest, Door } from './verify.ts';

/** A subgraph that listens: where, and how it stops. */
export type RunningSubgraph = { readonly url: string; stop(): Promise<void> };

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
  const keys = await watchHubKeys(settings, log);
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
  const app = route(community, settings, keys.door, store, policy, turned.isOut, apollo);
  const server = createServer({ headersTimeout: 5000, requestTimeout: 15_000 }, app);
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${settings.host}:${port}/graphql`,
    stop: async () => {
      turned.stop();
      server.close();
      server.closeIdleConnections();
      keys.stop();
      await apollo.stop();
      await store.connection.close();
    },
  };
}

/** The door, with keys that follow their file: a key that is gone from it ends what was agreed under it. */
async function watchHubKeys(settings: SubgraphSettings, log: Logger) {
  const keys = await watchFile(settings.hubKeysFile, readHubKeys, {
    change: (changed) => {
      door.keepOnly(changed);
      log.info({ kids: [...changed.keys()] }, 'the keys of the hub have changed');
    },
    fault: (error) => log.error({ error: String(error) }, 'the keys of the hub stay as they were'),
  });
  const door = new Door(settings, keys.current, log);
  return { door, stop: () => keys.stop() };
}

function route(
  community: CommunityPart,
  settings: SubgraphSettings,
  door: Door,
  store: CommunityStore,
  policy: Policy,
  isOut: () => boolean,
  apollo: ApolloServer<Context>,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  // For whoever runs the process, and the same for all: that it is up.
  app.get('/health', (_request, response) => void response.status(200).json({ status: 'up' }));
  app.post('/session', ...door.agree());
  app.post(
    '/graphql',
    ...door.verify(),
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
  return app.use(door.elsewhere).use(door.failed);
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
