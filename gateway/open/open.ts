import { ApolloServer } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type RequestHandler } from 'express';
import { readFileSync } from 'node:fs';
import { createLog } from '../../schema/runtime/log.ts';
import { createAgent } from '../dispatch/fetch-subgraph.ts';
import { createOpenSource } from './source.ts';
import { gatewayOf } from '../plan/apollo-gateway.ts';
import { type Incoming, loadPlanner, type Planner } from '../plan/planner.ts';
import { limitOperation } from '../budget/operation-size.ts';
import { listen, type Listening } from '../http/listen.ts';
import { withoutEmptyName } from '../http/request-body.ts';
import { onlyOperation } from '../request/operation.ts';

/**
 * Starts a separate server for trials of any supergraph: without tokens, policy and audit log. It has no key, issuer
 * or store, and listens on loopback only. It calls only those subgraphs whose URL is a loopback address. Throws if a
 * setting of the hub is present or NODE_ENV is production.
 */
export async function startOpen(options: {
  readonly supergraph: string;
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}): Promise<Listening> {
  refuseBesideHub(options.env);
  if (!Number.isInteger(options.port) || options.port < 0 || options.port > 65_535) {
    throw new Error(`--port: expected a whole number from 0 to 65535, got ${options.port}`);
  }
  const log = createLog('open', 'warn');
  const agent = createAgent();
  const planner = await loadPlanner(readSupergraph(options.supergraph), (name, url) =>
    createOpenSource(name, loopbackOnly(name, url), agent),
  );
  const apollo = new ApolloServer({
    gateway: gatewayOf(planner, async (incoming) => await run(planner, incoming)) as never,
    introspection: true,
    persistedQueries: false,
    // The page of the vendor would load its scripts from the vendor's servers.
    plugins: [ApolloServerPluginLandingPageDisabled()],
    stopOnTerminationSignals: false,
    logger: log,
  });
  await apollo.start();
  const app = express()
    .disable('x-powered-by')
    .use(sameHostOnly, express.json({ limit: '1mb' }));
  app.use('/graphql', withoutEmptyName, expressMiddleware(apollo));
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

/** Throws if the environment has settings of the hub: somebody mistakes this server for the hub. */
function refuseBesideHub(env: Readonly<Record<string, string | undefined>>): void {
  const configured = Object.keys(env).filter((name) => name.startsWith('JCU_') && name !== 'JCU_LOG');
  if (configured.length > 0) {
    throw new Error(
      `--open has no tokens and no policy, and refuses to start if settings of the hub are set: unset ${configured.join(', ')}`,
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

/** Returns the URL if it is a loopback address; otherwise null, so that the subgraph is never called. */
function loopbackOnly(name: string, url: string | undefined): string | null {
  const host = url === undefined || !URL.canParse(url) ? '' : new URL(url).hostname;
  if (['127.0.0.1', 'localhost', '[::1]'].includes(host)) return url ?? null;
  process.stderr.write(`${name}: ${url} is not a loopback address; its fields will be null\n`);
  return null;
}

/** Rejects requests from pages of another origin, and of a host name that resolves to loopback (DNS rebinding). */
const sameHostOnly: RequestHandler = (request, response, next) => {
  const host = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
  const origin = request.get('origin');
  const local = origin === undefined || (URL.canParse(origin) && host.test(new URL(origin).host));
  if (host.test(request.get('host') ?? '') && local) next();
  else
    response.status(403).json({ errors: [{ message: 'Requests from this host or origin are not taken.' }] });
};

async function run(planner: Planner, incoming: Incoming): ReturnType<Planner['run']> {
  const operationName = incoming.request.operationName ?? null;
  const document = onlyOperation(incoming.document, operationName, planner.schema);
  limitOperation(document, incoming.request.variables ?? {});
  return await planner.run(incoming);
}
