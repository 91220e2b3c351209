import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express } from 'express';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { policyFilesAt } from '../schema/policy/bundle/files.ts';
import { watchPolicy } from '../schema/policy/bundle/in-force.ts';
import { findPolicyGaps } from '../schema/policy/check/coverage.ts';
import type { Policy } from '../schema/policy/decide/policy.ts';
import type { SigningKey } from '../schema/protocol/session.ts';
import { createLog } from '../schema/runtime/log.ts';
import { answer, type Stages } from './answer.ts';
import { answerInParts } from './deferred-answer.ts';
import { type Charge, createCharge } from './budget/charge.ts';
import { LargeRequests } from './budget/large-requests.ts';
import { watchSigningKey } from './dispatch/agree.ts';
import { Parts } from './dispatch/parts.ts';
import { createEngine } from './engine.ts';
import { createApollo } from './http/apollo.ts';
import { FailingReaders } from './http/failing-readers.ts';
import { countFailures, noteFailure } from './http/failures.ts';
import { compress } from './http/compress.ts';
import {
  chargeFirst,
  contextOf,
  identifyFirst,
  type Readers,
  waitForTurn,
} from './http/context-middleware.ts';
import { allowOrigins } from './http/cors.ts';
import { listen, type Listening } from './http/listen.ts';
import { Load } from './http/load.ts';
import { noteAnswers, observeRequest } from './http/observe-request.ts';
import { replaceId } from './http/persisted-request.ts';
import { readBody, refuseDepth, withoutEmptyName } from './http/request-body.ts';
import { checkMethod, failSafely, notFound, setCommonHeaders } from './http/responses.ts';
import { createFeeds } from './live/feeds.ts';
import { createEventIds } from './live/event-id.ts';
import { Subscriptions } from './live/subscriptions.ts';
import { figuresOf } from './observe/hub-figures.ts';
import { type Observer, openObserver } from './observe/observer.ts';
import { createReadiness } from './observe/readiness.ts';
import { type Choose, openOperations } from './persisted/open-operations.ts';
import { parsedOf } from './plan/apollo-gateway.ts';
import { loadNextPlanner, loadPlanner, type Planner } from './plan/planner.ts';
import { openAgreements } from './registry/open-agreements.ts';
import { findProposals } from './addressed/settle-proposals.ts';
import { stateAddressed } from './addressed/state-addressed.ts';
import { createReaders, inForce, orUnavailable, watchIssuer } from './readers.ts';
import type { RequestContext } from './request/context.ts';
import { createParse, type Parse } from './request/parse.ts';
import type { HubSettings } from './settings.ts';
import { createSources } from './sources.ts';
import { streamFirst } from './stream/http-stream.ts';
import { createRun, createRunInParts, type Run, type RunInParts } from './stream/run.ts';
import { createWebSockets } from './stream/web-socket.ts';
import { type HubStore, openHubStore } from './store.ts';
import { acceptSupergraph, readSupergraph } from './supergraph.ts';
import { openWebhooks } from './webhooks/open-webhooks.ts';
import { type WatchedSupergraph, watchSupergraph } from './watch-supergraph.ts';

/**
 * Starts the hub. Throws if the supergraph is unsigned, foreign or older than one that was accepted. The hub also starts
 * while its store, the issuer or a community is down or no policy is in force: until they are available, it refuses the
 * requests that need them.
 *
 * A request passes these stages; each is a folder. `route` below has stages 1 to 3, `answer` in answer.ts the others.
 *
 *  1. http           method, headers, size and depth of the body
 *  2. identity       the token and the registry give the reader (request/ defines the context)
 *  3. budget         charges the bytes of the request, later the size of the operation
 *  4. introspection  answers `__schema` and `__type` from the schema of the reader's kind
 *  5. policy         removes the refused coordinates
 *  6. audit          records the intent of a change
 *  7. plan           plans the queries to the subgraphs and joins their responses
 *  8. dispatch       asks the subgraphs; hub-subgraph answers for the hub itself
 *  9. shape          builds the response: nulls, errors, markings
 * 10. audit          records the disclosure before the response leaves
 *
 * stream/ has the entry points that Apollo Server does not serve: WebSocket, server-sent events and multipart. They run the
 * same stages. live/ holds the open subscriptions, and reads each event through the stages 7 to 10. persisted/ replaces the
 * id of a registered operation by its text before a document is parsed. observe/ measures the stages. webhooks/ sends the
 * notices of workflows to the addresses of the registry. addressed/ finds the addressees of a recall and of a release request.
 */
export async function startHub(settings: HubSettings): Promise<Listening> {
  const log = createLog('hub', settings.log);
  const signed = await readSupergraph(settings);
  const key = await watchSigningKey(settings.signingKeyFile, log);
  const store = openHubStore(settings, key, log);
  const acceptance = await acceptSupergraph(signed, store.supergraphs, log);
  const check = { findGaps: findPolicyGaps, log };
  const policies = watchPolicy(policyFilesAt(settings), settings.deployment, store.policies, check);

  const communities = new Parts(settings, key, log);
  const sources = createSources(communities, store, log);
  const charge = createCharge(store.leases, settings.budgets, log);
  const agreements = openAgreements(
    settings,
    store,
    () => orUnavailable(policies.current()?.policy ?? null),
    key,
    log,
  );
  const own = { store, charge, agreements, findProposals, stateAddressed };
  const stagesOf = (planner: Planner): Stages => ({ ...createEngine(planner, sources, settings), ...own });
  const first = stagesOf(await loadPlanner(signed.opened.sdl));
  const operations = await openOperations(settings, first.published, log);
  const inUse = { signed, acceptance, loaded: first };
  const stages = watchSupergraph(settings, inUse, {
    memory: store.supergraphs,
    load: async (sdl) => stagesOf(await loadNextPlanner(sdl)),
    prepare: async ({ published }) => await operations.use(published),
    replaced: stopLater,
    log,
  });

  const load = new Load({ requests: settings.maxRequests, delayMs: settings.maxLoopDelayMs });
  const policy = inForce(policies, stages);
  const issuer = watchIssuer(settings);
  const figures = figuresOf({ policies, supergraph: stages, operations, load, store, communities });
  const isReady = async () => policy() !== null && (await store.isReady());
  const readiness = createReadiness(figures, store, issuer.state, isReady);
  const observer = await openObserver(settings, figures, readiness, log);
  const readers = createReaders(settings, store, policy, { keys: issuer.keys, run: observer.run });

  const apollo = await startApollo(first.planner, stages, observer, log);
  const shared = { settings, stages, readers, load, choose: operations.choose, observer, key, policy, log };
  const { parts, attach, stop: stopStreams } = await openStreams(shared, store);
  const app = route({ ...settings, ...parts, isReady, apollo });
  const listening = await listen(app, { ...settings, reusePort: settings.processes > 1 }, attach);
  return {
    url: listening.url,
    stop: async () => {
      load.stop();
      // A load balancer notices by /ready, and clients of open connections by `connection: close`.
      await setTimeout(settings.drainMs);
      await Promise.all([stopStreams(), agreements.stop()]);
      await listening.stop();
      operations.stop();
      policies.stop();
      stages.stop();
      await apollo.stop();
      await stages.current().planner.stop();
      await store.close();
      await observer.stop();
    },
  };
}

async function startApollo(
  planner: Planner,
  stages: WatchedSupergraph<Stages>,
  { note }: Observer,
  log: Logger,
): Promise<ApolloServer<RequestContext>> {
  const apollo = createApollo(
    planner,
    async (incoming) =>
      await answer(parsedOf(incoming), incoming.context as RequestContext, stages.current()),
    [noteFailure, noteAnswers(note)],
    log,
  );
  await apollo.start();
  return apollo;
}

/** Opens the entry points that Apollo Server does not serve, WebSocket, server-sent events, multipart, and the webhooks. */
async function openStreams(
  { settings, stages, readers, load, choose, observer, key, policy, log }: StreamParts,
  store: HubStore,
) {
  const inUse = { stages: () => stages.current(), run: observer.runShared, log };
  const policyInUse = () => orUnavailable(policy());
  const { feeds, stop: stopFeeds } = createFeeds(settings, policyInUse, key, log);
  const live = new Subscriptions({ ...inUse, feeds, ids: createEventIds(key), readers });
  const webhooks = await openWebhooks(settings, { ...inUse, store, feeds, policy: policyInUse });
  stages.onReplaced(() => live.restart());
  const outcome = { attempts: store.attempts, note: observer.note, log };
  const run = createRun(
    async (operation, context) => await answer(operation, context, stages.current()),
    async (...subscription) => await live.subscribe(...subscription),
    outcome,
  );
  const runInParts = createRunInParts(
    (operation, context) => answerInParts(operation, context, stages.current()),
    outcome,
  );
  const { request: charge } = stages.current().charge;
  const { attempts } = store;
  const parts = {
    readers,
    load,
    choose,
    parse: createParse(),
    run,
    runInParts,
    charge,
    large: new LargeRequests(),
    attempts,
    observer,
    log,
  };
  const schema = () => stages.current().planner.schema;
  const sockets = createWebSockets({ ...settings, ...parts, schema });
  return {
    parts,
    attach: sockets.attach,
    stop: async () => {
      live.stop();
      await Promise.all([sockets.stop(), webhooks?.stop()]);
      await stopFeeds();
    },
  };
}

type StreamParts = Pick<RouteParts, 'readers' | 'load' | 'choose' | 'observer' | 'log'> & {
  readonly settings: HubSettings;
  readonly stages: WatchedSupergraph<Stages>;
  readonly key: () => SigningKey;
  readonly policy: () => Policy | null;
};

/** The parts that the stages before GraphQL use. */
type RouteParts = {
  readonly corsOrigins: readonly string[];
  readonly isReady: () => Promise<boolean>;
  readonly readers: Readers;
  readonly load: Load;
  readonly choose: Choose | null;
  readonly charge: Charge['request'];
  readonly large: LargeRequests;
  readonly attempts: HubStore['attempts'];
  readonly observer: Observer;
  readonly parse: Parse;
  readonly run: Run;
  readonly runInParts: RunInParts;
  readonly apollo: ApolloServer<RequestContext>;
  readonly log: Logger;
};

/** The stages before GraphQL: http, identity, and budget for the bytes of the request. */
function route(parts: RouteParts): Express {
  const { load, apollo, observer } = parts;
  const app = express().disable('x-powered-by').disable('etag');
  app.use(setCommonHeaders, compress());
  app.get('/health', (_request, response) => void response.json({ status: 'up' }));
  app.get('/ready', async (_request, response) => {
    const isReady = await parts.isReady();
    const status = load.state() === 'ready' && !isReady ? 'not ready' : load.state();
    response.status(status === 'ready' ? 200 : 503).json({ status });
  });
  app.use(countFailures(parts.attempts), observeRequest(observer));
  app.use(
    '/graphql',
    ...allowOrigins(parts.corsOrigins),
    checkMethod,
    new FailingReaders().admit,
    load.admit,
    identifyFirst(parts.readers),
    readBody,
    chargeFirst(parts.charge),
    waitForTurn(parts.large),
    refuseDepth,
    withoutEmptyName,
    // Before all that parses a document, so that the safelist covers every transport over HTTP.
    replaceId(parts.choose),
    streamFirst(parts),
    expressMiddleware(apollo, { context: ({ res }) => Promise.resolve(contextOf(res)) }),
  );
  return app.use(notFound).use(failSafely(parts.log));
}

/** Requests in progress still use the planner of the supergraph that was replaced. */
function stopLater({ planner }: Stages): void {
  globalThis.setTimeout(() => void planner.stop(), requestMs).unref();
}

const requestMs = 15_000;
