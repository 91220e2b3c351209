import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express } from 'express';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { type Logger, pino } from 'pino';
import { errorTable, HubError, type HubErrorCode, isHubErrorCode } from '../schema/errors.ts';
import { policyFilesAt } from '../schema/policy/bundle/files.ts';
import { type PolicyWatch, watchPolicy } from '../schema/policy/bundle/in-force.ts';
import type { Policy } from '../schema/policy/decide/policy.ts';
import { recordable, recordDisclosure, recordIntent } from './audit/record.ts';
import { createAgree, watchSigningKey } from './dispatch/agree.ts';
import { createAsk } from './dispatch/ask-part.ts';
import { type Charge, createCharge } from './budget/charge.ts';
import { createAgent } from './dispatch/fetch-part.ts';
import { Sessions } from './dispatch/hub-sessions.ts';
import { createSource } from './dispatch/source.ts';
import { identify } from './identity/identify.ts';
import { discoverKeys } from './identity/verify-token.ts';
import { type Incoming, loadPlanner, type Planner } from './plan/planner.ts';
import { limitOperation } from './budget/operation-size.ts';
import { coerceVariables, isChange, onlyOperation } from './request/operation.ts';
import { decide } from './policy/decide.ts';
import { introspect } from './introspection/introspect.ts';
import { KindSchemas } from './introspection/kinds.ts';
import { splitIntrospection } from './introspection/split.ts';
import { suggestFromKind } from './introspection/suggest.ts';
import { createHubPart } from './hub-subgraph/subgraph.ts';
import { type HubStore, openHubStore } from './store.ts';
import type { RequestContext } from './request/context.ts';
import {
  chargeFirst,
  checkMethod,
  contextOf,
  failSafely,
  identifyFirst,
  markAnswer,
  notFound,
  readBody,
  refuseDepth,
} from './http/http.ts';
import { listen, type Listening } from './http/listen.ts';
import type { HubSettings } from './settings.ts';
import { shapeAnswer } from './shape/answer.ts';
import { toGraphQLError } from './request/errors.ts';

/**
 * Starts the hub. The way of a request, top to bottom: request, identity, budget, policy, plan, dispatch, shape, audit,
 * response. It starts whether or not its store, the issuer or a community is up and a policy is there, and refuses
 * until they are.
 */
export async function startHub(settings: HubSettings): Promise<Listening> {
  // pino writes an Error under any other name than its own as {}.
  const log = pino(
    { name: 'hub', level: settings.log, serializers: { error: pino.stdSerializers.err } },
    pino.destination(2),
  );
  const store = openHubStore(settings, log);
  const policies = watchPolicy(policyFilesAt(settings), settings.deployment, store.policies, log);
  const planner = await createPlanner(settings, store, log);
  const kinds = new KindSchemas(planner.schema);
  const charge = createCharge(store.leases, settings.budgets, log);
  const apollo = createApollo(
    planner,
    async (incoming) => await answer(incoming, planner, store, kinds, charge),
    suggestFromKind(({ policy, reader, at }) => kinds.of(policy.accessOf(reader, at))),
    log,
  );
  await apollo.start();
  const listening = await listen(route(settings, store, policies, apollo, charge, log), settings);
  return {
    url: listening.url,
    stop: async () => {
      await listening.stop();
      policies.stop();
      await apollo.stop();
      await planner.stop();
      await store.close();
    },
  };
}

/** From HTTP to a reader and an operation: the stages `request` and `identity`, and `budget` for its bytes. */
function route(
  settings: HubSettings,
  store: HubStore,
  policies: PolicyWatch,
  apollo: ApolloServer<RequestContext>,
  charge: Charge,
  log: Logger,
): Express {
  const rules = { ...settings, keys: discoverKeys(settings.issuer) };
  const app = express().disable('x-powered-by').disable('etag');
  app.use(markAnswer);
  app.get('/health', (_request, response) => void response.json({ status: 'up' }));
  app.get('/ready', async (_request, response) => {
    const ready = policies.current() !== null && (await store.isReady());
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  });
  app.use(
    '/graphql',
    checkMethod,
    identifyFirst(
      async (authorization, now) => await identify(authorization, rules, store.registry, now),
      () => inForce(policies),
    ),
    readBody,
    chargeFirst(charge.request),
    refuseDepth,
    expressMiddleware(apollo, { context: ({ res }) => Promise.resolve(contextOf(res)) }),
  );
  return app.use(notFound).use(failSafely(log));
}

/** The policy that one request is decided under, from its beginning to its end. */
function inForce(policies: PolicyWatch): Policy {
  const opened = policies.current();
  if (opened === null) throw new HubError('POLICY_UNAVAILABLE', 'no policy is in force');
  return opened.policy;
}

/** From an operation to its answer: the stages `budget`, `policy`, `plan`, `dispatch`, `shape` and `audit`. */
async function answer(
  incoming: Incoming,
  planner: Planner,
  store: HubStore,
  kinds: KindSchemas,
  charge: Charge,
): Promise<ExecutionResult> {
  const context = incoming.context as RequestContext;
  const { policy } = context;
  // As it was asked for: Apollo Server gives null for a name that no operation bears.
  const operationName = incoming.request.operationName ?? null;
  const document = onlyOperation(incoming.document, operationName, planner.schema);
  const variables = incoming.request.variables ?? {};
  await charge.operation(limitOperation(document, variables), context);
  const coerced = coerceVariables(document, variables, planner.schema);
  const ofKind = kinds.of(policy.accessOf(context.reader, context.at));
  const split = splitIntrospection(document);
  const shown = split.schema === null ? {} : introspect(kinds.bounded(split.schema), ofKind, variables);
  const decision =
    split.data === null
      ? { refused: [], allowed: null }
      : decide({ document: split.data, variables: coerced }, planner.schema, ofKind);
  const facts = {
    correlationId: context.correlationId,
    at: context.at,
    reader: context.reader,
    token: context.token,
    operation: { name: operationName, document: incoming.source, variables: recordable(document, variables) },
    policy: policy.version,
    refused: decision.refused,
  };
  if (decision.allowed !== null && isChange(decision.allowed)) await recordIntent(store.trail(), facts);
  const gathered =
    decision.allowed === null
      ? { data: null, malformed: false }
      : await planner.gather(incoming, decision.allowed);
  if (gathered.malformed) throw new HubError('BAD_USER_INPUT');
  const asked = {
    document: split.data,
    operationName,
    variables,
    refused: decision.refused,
    isCut: decision.allowed !== split.data,
    order: split.order,
  };
  const shaped = shapeAnswer(gathered.data, asked, shown, context, planner.schema);
  await recordDisclosure(store.trail(), {
    ...facts,
    disclosed: context.disclosed,
    lost: [...context.lost],
  });
  return shaped;
}

/** The stock planner with the hub's own part in this process and a source for each community. */
async function createPlanner(settings: HubSettings, store: HubStore, log: Logger): Promise<Planner> {
  const key = await watchSigningKey(settings.signingKeyFile, log);
  const agent = createAgent(settings.subgraphsCa);
  const addresses: Readonly<Record<string, string>> = settings.subgraphs;
  return await loadPlanner(settings.supergraph, (name) => {
    if (name === 'hub') return createHubPart(store, log);
    const url = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
    if (url === undefined) throw new Error(`no address is set for the subgraph ${name}`);
    const ends = { deployment: settings.deployment, community: name };
    const part = { url, deadlineMs: settings.partDeadlineMs, agent };
    const sessions = new Sessions(createAgree(ends, part, key), () => key().id, log);
    return createSource(name, createAsk(part, sessions), log);
  });
}

/** Apollo Server parses and validates; what it would execute goes through the stages instead. */
function createApollo(
  planner: Planner,
  execute: (incoming: Incoming) => Promise<ExecutionResult>,
  suggest: ApolloServerPlugin<RequestContext>,
  log: Logger,
): ApolloServer<RequestContext> {
  return new ApolloServer<RequestContext>({
    gateway: {
      load: () =>
        Promise.resolve({
          executor: async (incoming: Incoming) =>
            await execute(incoming).catch((error: unknown) => {
              throw toGraphQLError(error, log);
            }),
        }),
      onSchemaLoadOrUpdate: (tell: (loaded: { apiSchema: unknown; coreSupergraphSdl: string }) => void) => {
        tell({ apiSchema: planner.schema, coreSupergraphSdl: planner.supergraph });
        return () => undefined;
      },
      stop: () => Promise.resolve(),
    } as never,
    introspection: true,
    // A hash that one reader registered would run, and show that it was registered, for another.
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    formatError: (formatted) => toConstant(formatted),
    plugins: [ApolloServerPluginCacheControlDisabled(), suggest],
    logger: log,
  });
}

/** Codes of Apollo Server's own that are a client's fault. */
const asBadRequest: ReadonlyMap<string, HubErrorCode> = new Map([
  ['PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST'],
]);

/** What is wrong with a document may be said in full: it depends on the document and the published schema alone. */
function toConstant(formatted: GraphQLFormattedError): GraphQLFormattedError {
  const said = formatted.extensions?.['code'];
  const code = isHubErrorCode(said) ? said : (asBadRequest.get(String(said)) ?? 'INTERNAL');
  // Without a place in the document it is no word of the parser's, but what the document did to it.
  const isPlaced = formatted.locations !== undefined;
  const full = isPlaced && (code === 'GRAPHQL_PARSE_FAILED' || code === 'GRAPHQL_VALIDATION_FAILED');
  const { message } = full ? formatted : errorTable[code];
  const part = formatted.extensions?.['part'];
  return {
    message,
    ...(full ? { locations: formatted.locations } : {}),
    extensions: { code, ...(typeof part === 'string' ? { part } : {}) },
  };
}
