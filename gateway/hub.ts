import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express } from 'express';
import { setTimeout } from 'node:timers/promises';
import type { Logger } from 'pino';
import { HubError } from '../schema/errors.ts';
import { policyFilesAt } from '../schema/policy/bundle/files.ts';
import { type PolicyWatch, watchPolicy } from '../schema/policy/bundle/in-force.ts';
import type { Policy } from '../schema/policy/decide/policy.ts';
import type { SigningKey } from '../schema/protocol/session.ts';
import { checkDateTimes } from '../schema/record/date-time.ts';
import { createLog } from '../schema/runtime/log.ts';
import { answer, type Stages } from './answer.ts';
import { answerInParts } from './deferred-answer.ts';
import { type Charge, createCharge } from './budget/charge.ts';
import { listLengthsOf } from './budget/list-lengths.ts';
import { watchSigningKey } from './dispatch/agree.ts';
import { createApollo } from './http/apollo.ts';
import { countFailures, noteFailure } from './http/failures.ts';
import { compress } from './http/compress.ts';
import { chargeFirst, contextOf, identifyFirst, type Readers } from './http/context-middleware.ts';
import { allowOrigins } from './http/cors.ts';
import { listen, type Listening } from './http/listen.ts';
import { Load } from './http/load.ts';
import { readBody, refuseDepth, withoutEmptyName } from './http/request-body.ts';
import { checkMethod, failSafely, notFound, setCommonHeaders } from './http/responses.ts';
import { identify } from './identity/identify.ts';
import { discoverKeys } from './identity/issuer-keys.ts';
import { RememberedTokens } from './identity/remembered-tokens.ts';
import { KindSchemas } from './introspection/kinds.ts';
import { createFeeds } from './live/feeds.ts';
import { createEventIds } from './live/event-id.ts';
import { Subscriptions } from './live/subscriptions.ts';
import { parsedOf } from './plan/apollo-gateway.ts';
import { createGather, createGatherInParts, type GatherInParts } from './plan/gather.ts';
import { loadPlanner } from './plan/planner.ts';
import { shareAnswers } from './plan/share.ts';
import type { RequestContext } from './request/context.ts';
import { createParse, type Parse } from './request/parse.ts';
import { createValidate } from './request/validate.ts';
import type { HubSettings } from './settings.ts';
import { createSources } from './sources.ts';
import { streamFirst } from './stream/http-stream.ts';
import { createRun, createRunInParts, type Run, type RunInParts } from './stream/run.ts';
import { createWebSockets } from './stream/web-socket.ts';
import { type HubStore, openHubStore } from './store.ts';
import { type Acceptance, acceptSupergraph, readSupergraph } from './supergraph.ts';

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
 */
export async function startHub(settings: HubSettings): Promise<Listening> {
  const log = createLog('hub', settings.log);
  const supergraph = await readSupergraph(settings);
  const key = await watchSigningKey(settings.signingKeyFile, log);
  const store = openHubStore(settings, key, log);
  const acceptance = await acceptSupergraph(supergraph, store.supergraphs, log);
  const policies = watchPolicy(policyFilesAt(settings), settings.deployment, store.policies, log);
  const planner = await loadPlanner(supergraph.opened.sdl);
  checkDateTimes(planner.schema);
  const sources = createSources(planner, settings, store, key, log);
  const gather = shareAnswers(createGather(planner, sources));
  const gatherInParts = createGatherInParts(planner, sources);
  const kinds = new KindSchemas(planner.schema);
  const charge = createCharge(store.leases, settings.budgets, log);
  const checks = { validate: createValidate(planner.schema), lists: listLengthsOf(planner.schema) };
  const stages = { planner, gather, store, kinds, charge, ...checks };
  const apollo = createApollo(
    planner,
    async (incoming) => await answer(parsedOf(incoming), incoming.context as RequestContext, stages),
    [noteFailure],
    log,
  );
  await apollo.start();
  const load = new Load({ requests: settings.maxRequests, delayMs: settings.maxLoopDelayMs });
  const policy = inForce(policies, acceptance);
  const readers = createReaders(settings, store, policy);
  const { run, runInParts, live, stopFeeds } = openStreams(
    { settings, readers, key, policy, log },
    { ...stages, gatherInParts },
  );
  const parts = {
    readers,
    load,
    parse: createParse(),
    run,
    runInParts,
    charge: charge.request,
    attempts: store.attempts,
  };
  const sockets = createWebSockets({ ...settings, ...parts, schema: planner.schema, log });
  const app = route({ ...settings, ...parts, store, policy, apollo, log });
  const listening = await listen(app, settings, sockets.attach);
  return {
    url: listening.url,
    stop: async () => {
      load.stop();
      // A load balancer notices by /ready, and clients of open connections by `connection: close`.
      await setTimeout(settings.drainMs);
      live.stop();
      await Promise.all([sockets.stop(), stopFeeds()]);
      await listening.stop();
      policies.stop();
      acceptance.stop();
      await apollo.stop();
      await planner.stop();
      await store.close();
    },
  };
}

/** Creates the functions that run the operations of WebSocket, server-sent events and multipart. */
function openStreams(
  {
    settings,
    readers,
    key,
    policy,
    log,
  }: {
    readonly settings: HubSettings;
    readonly readers: Readers;
    readonly key: () => SigningKey;
    readonly policy: () => Policy | null;
    readonly log: Logger;
  },
  stages: Stages & { readonly gatherInParts: GatherInParts },
) {
  const { feeds, stop: stopFeeds } = createFeeds(settings, () => orUnavailable(policy()), key, log);
  const live = new Subscriptions({ stages, feeds, ids: createEventIds(key), readers, log });
  const run = createRun(
    async (operation, context) => await answer(operation, context, stages),
    async (...subscription) => await live.subscribe(...subscription),
    stages.store.attempts,
    log,
  );
  const runInParts = createRunInParts(
    (operation, context) => answerInParts(operation, context, stages),
    stages.store.attempts,
    log,
  );
  return { run, runInParts, live, stopFeeds };
}

/** The stages before GraphQL: http, identity, and budget for the bytes of the request. */
function route({
  corsOrigins,
  store,
  policy,
  load,
  readers,
  charge,
  parse,
  run,
  runInParts,
  apollo,
  log,
}: {
  readonly corsOrigins: readonly string[];
  readonly store: HubStore;
  readonly policy: () => Policy | null;
  readonly load: Load;
  readonly readers: Readers;
  readonly charge: Charge['request'];
  readonly parse: Parse;
  readonly run: Run;
  readonly runInParts: RunInParts;
  readonly apollo: ApolloServer<RequestContext>;
  readonly log: Logger;
}): Express {
  const app = express().disable('x-powered-by').disable('etag');
  app.use(setCommonHeaders, compress());
  app.get('/health', (_request, response) => void response.json({ status: 'up' }));
  app.get('/ready', async (_request, response) => {
    const isReady = policy() !== null && (await store.isReady());
    const status = load.state() === 'ready' && !isReady ? 'not ready' : load.state();
    response.status(status === 'ready' ? 200 : 503).json({ status });
  });
  app.use(countFailures(store.attempts));
  app.use(
    '/graphql',
    ...allowOrigins(corsOrigins),
    checkMethod,
    load.admit,
    identifyFirst(readers),
    readBody,
    chargeFirst(charge),
    refuseDepth,
    withoutEmptyName,
    streamFirst({ parse, run, runInParts, load, log }),
    expressMiddleware(apollo, { context: ({ res }) => Promise.resolve(contextOf(res)) }),
  );
  return app.use(notFound).use(failSafely(log));
}

/** Returns who a reader is, and the policy in force. */
function createReaders(settings: HubSettings, store: HubStore, policy: () => Policy | null): Readers {
  const rules = {
    ...settings,
    keys: discoverKeys(settings.issuer, { maxAgeSeconds: settings.issuerKeysSeconds }),
    remembered: new RememberedTokens(),
  };
  return {
    identify: async (authorization, now) => await identify(authorization, rules, store.registry, now),
    policyInForce: () => orUnavailable(policy()),
  };
}

/** Returns a function that returns the policy in force. It returns null if there is no policy, or no accepted supergraph. */
function inForce(policies: PolicyWatch, acceptance: Acceptance): () => Policy | null {
  return () => (acceptance.isAccepted() ? (policies.current()?.policy ?? null) : null);
}

/** Returns the policy in force. The whole request is decided by it, also if the policy changes meanwhile. */
function orUnavailable(policy: Policy | null): Policy {
  if (policy === null)
    throw new HubError(
      'POLICY_UNAVAILABLE',
      'no policy is in force, or the supergraph is not accepted: the log says why',
    );
  return policy;
}
