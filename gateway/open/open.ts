import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type RequestHandler } from 'express';
import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { createAgent } from '../dispatch/fetch-part.ts';
import { createOpenSource } from './source.ts';
import { loadPlanner, type Planner } from '../plan/planner.ts';
import { limitOperation } from '../budget/operation-size.ts';
import { listen, type Listening } from '../http/listen.ts';
import { onlyOperation } from '../request/operation.ts';

/**
 * A separate wiring for trials of any supergraph: no token, no policy, no trail. It knows no key, no issuer and no
 * store, refuses to start beside any setting of the hub or in production, listens on loopback, and follows the
 * supergraph's addresses where they are loopback too.
 */
export async function startOpen(options: {
  readonly supergraph: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<Listening> {
  refuseBesideHub(options.env);
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new Error(`--port: a whole number from 0 to 65535, got ${options.port}`);
  }
  const serializers = { error: pino.stdSerializers.err };
  const log = pino({ name: 'open', level: 'warn', serializers }, pino.destination(2));
  const agent = createAgent();
  const planner = await loadPlanner(readSupergraph(options.supergraph), (name, url) =>
    createOpenSource(name, loopbackOnly(name, url), agent),
  );
  const apollo = new ApolloServer({
    gateway: openGateway(planner) as never,
    introspection: true,
    persistedQueries: false,
    stopOnTerminationSignals: false,
    logger: log,
  });
  await apollo.start();
  const app = express()
    .disable('x-powered-by')
    .use(sameHostOnly, express.json({ limit: '1mb' }));
  app.use(
    '/graphql',
    expressMiddleware(apollo, {
      context: () =>
        Promise.resolve({ lost: new Set(), told: new Set(), disclosed: [], deadline: Date.now() + 30_000 }),
    }),
  );
  const listening = await listen(app, { host: '127.0.0.1', port: options.port, tlsCert: null, tlsKey: null });
  return {
    url: listening.url,
    stop: async () => {
      await listening.stop();
      await apollo.stop();
      await planner.stop();
    },
  };
}

/** A hub's settings in the environment mean that somebody takes this wiring for the hub. */
function refuseBesideHub(env: Readonly<Record<string, string | undefined>>): void {
  const configured = Object.keys(env).filter((name) => name.startsWith('JCU_') && name !== 'JCU_LOG');
  if (configured.length > 0) {
    throw new Error(
      `--open has no tokens and no policy, and refuses to start where ${configured.join(', ')} is set`,
    );
  }
  if (env['NODE_ENV'] === 'production') throw new Error('--open refuses to start with NODE_ENV=production');
}

function readSupergraph(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Error(`--supergraph: expected a readable file, got ${file}`, { cause: error });
  }
}

/** Only an address on this machine is ever followed; another is known, and never called. */
function loopbackOnly(name: string, url: string | undefined): string | null {
  const host = url === undefined || !URL.canParse(url) ? '' : new URL(url).hostname;
  if (['127.0.0.1', 'localhost', '[::1]'].includes(host)) return url ?? null;
  process.stderr.write(`${name}: ${url} is not a loopback address; this part will be lost\n`);
  return null;
}

/** A page of another origin, or a name that was pointed here (DNS rebinding), is not served. */
const sameHostOnly: RequestHandler = (request, response, next) => {
  const host = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
  const origin = request.get('origin');
  const local = origin === undefined || (URL.canParse(origin) && host.test(new URL(origin).host));
  if (host.test(request.get('host') ?? '') && local) next();
  else
    response.status(403).json({ errors: [{ message: 'Requests from this host or origin are not taken.' }] });
};

function openGateway(planner: Planner) {
  return {
    load: () =>
      Promise.resolve({
        executor: async (incoming: Parameters<Planner['gather']>[0]) => {
          const document = onlyOperation(
            incoming.document,
            incoming.request.operationName ?? null,
            planner.schema,
          );
          limitOperation(document, incoming.request.variables ?? {});
          return await planner.run(incoming);
        },
      }),
    onSchemaLoadOrUpdate: (tell: (loaded: { apiSchema: unknown; coreSupergraphSdl: string }) => void) => {
      tell({ apiSchema: planner.schema, coreSupergraphSdl: planner.supergraph });
      return () => undefined;
    },
    stop: () => Promise.resolve(),
  };
}
