import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express, { type Express } from 'express';
import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { type DocumentNode, type ExecutionResult, print } from 'graphql';
import type { Logger } from 'pino';
import { HubError } from '../schema/errors.ts';
import type { SigningKey } from '../schema/protocol/session.ts';
import { policyFilesAt } from '../schema/policy/bundle/files.ts';
import { type PolicyWatch, watchPolicy } from '../schema/policy/bundle/in-force.ts';
import type { Policy } from '../schema/policy/decide/policy.ts';
import { checkDateTimes } from '../schema/record/date-time.ts';
import { createLog } from '../schema/runtime/log.ts';
import { fieldsOf } from './audit/fields.ts';
import { recordable, recordDisclosure, recordIntent } from './audit/record.ts';
import { type Charge, createCharge } from './budget/charge.ts';
import { chargeOperation, type Submitted } from './budget/charge-operation.ts';
import { type ListLengths, listLengthsOf } from './budget/list-lengths.ts';
import { createAgree, watchSigningKey } from './dispatch/agree.ts';
import { createAsk } from './dispatch/ask-subgraph.ts';
import { type Collected, createCollected } from './dispatch/collected.ts';
import { createAgent } from './dispatch/fetch-subgraph.ts';
import { Sessions } from './dispatch/hub-sessions.ts';
import { createShelter } from './dispatch/shelter.ts';
import { createSource, type PartSource } from './dispatch/source.ts';
import { createApollo } from './http/apollo.ts';
import { countFailures, noteFailure } from './http/failures.ts';
import { compress, redCacheControl } from './http/compress.ts';
import { chargeFirst, contextOf, identifyFirst } from './http/context-middleware.ts';
import { allowOrigins } from './http/cors.ts';
import { listen, type Listening } from './http/listen.ts';
import { Load } from './http/load.ts';
import { readBody, refuseDepth, withoutEmptyName } from './http/request-body.ts';
import { checkMethod, failSafely, notFound, setCommonHeaders } from './http/responses.ts';
import { createHubSubgraph } from './hub-subgraph/subgraph.ts';
import { identify } from './identity/identify.ts';
import { discoverKeys } from './identity/issuer-keys.ts';
import { RememberedTokens } from './identity/remembered-tokens.ts';
import { introspect } from './introspection/introspect.ts';
import { KindSchemas } from './introspection/kinds.ts';
import { splitIntrospection } from './introspection/split.ts';
import type { Incoming } from './plan/apollo-gateway.ts';
import { type Allowed, createGather, type Gather, type Gathered, sourcesOf } from './plan/gather.ts';
import { loadPlanner, type Planner } from './plan/planner.ts';
import { shareAnswers } from './plan/share.ts';
import { decide } from './policy/decide.ts';
import type { RequestContext } from './request/context.ts';
import { coerceVariables, isChange, onlyOperation } from './request/operation.ts';
import { checkAudiences } from './request/audience-check.ts';
import { createValidate, type Validate } from './request/validate.ts';
import type { HubSettings } from './settings.ts';
import { shapeAnswer } from './shape/answer.ts';
import { holdsRed } from './shape/holds.ts';
import { type HubStore, openHubStore } from './store.ts';
import { type Acceptance, acceptSupergraph, readSupergraph } from './supergraph.ts';

/**
 * Starts the hub. Throws if the supergraph is unsigned, foreign or older than one that was accepted. The hub also starts
 * while its store, the issuer or a community is down or no policy is in force: until they are available, it refuses the
 * requests that need them.
 *
 * A request passes these stages; each is a folder. `route` below has stages 1 to 3, `answer` the others.
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
  const gather = shareAnswers(
    createGather(planner, createSources(planner, settings, store, key, log)),
    planner.schema,
    null,
  );
  const kinds = new KindSchemas(planner.schema);
  const charge = createCharge(store.leases, settings.budgets, log);
  const checks = { validate: createValidate(planner.schema), lists: listLengthsOf(planner.schema) };
  const apollo = createApollo(
    planner,
    async (incoming) => await answer(incoming, planner, gather, store, kinds, charge, checks),
    [noteFailure],
    log,
  );
  await apollo.start();
  const load = new Load({ requests: settings.maxRequests, delayMs: settings.maxLoopDelayMs });
  const listening = await listen(
    route(settings, store, inForce(policies, acceptance), load, apollo, charge, log),
    settings,
  );
  return {
    url: listening.url,
    stop: async () => {
      load.stop();
      // A load balancer notices by /ready, and clients of open connections by `connection: close`.
      await setTimeout(settings.drainMs);
      await listening.stop();
      policies.stop();
      acceptance.stop();
      await apollo.stop();
      await planner.stop();
      await store.close();
    },
  };
}

/** The stages before GraphQL: http, identity, and budget for the bytes of the request. */
function route(
  settings: HubSettings,
  store: HubStore,
  policy: () => Policy | null,
  load: Load,
  apollo: ApolloServer<RequestContext>,
  charge: Charge,
  log: Logger,
): Express {
  const rules = {
    ...settings,
    keys: discoverKeys(settings.issuer, { maxAgeSeconds: settings.issuerKeysSeconds }),
    remembered: new RememberedTokens(),
  };
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
    ...allowOrigins(settings.corsOrigins),
    checkMethod,
    load.admit,
    identifyFirst(
      async (authorization, now) => await identify(authorization, rules, store.registry, now),
      () => orUnavailable(policy()),
    ),
    readBody,
    chargeFirst(charge.request),
    refuseDepth,
    withoutEmptyName,
    expressMiddleware(apollo, { context: ({ res }) => Promise.resolve(contextOf(res)) }),
  );
  return app.use(notFound).use(failSafely(log));
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

/** The stages from a parsed operation to its response: budget, validation, introspection, policy, plan with dispatch, shape, audit. */
async function answer(
  incoming: Incoming,
  planner: Planner,
  gather: Gather,
  store: HubStore,
  kinds: KindSchemas,
  charge: Charge,
  { validate, lists }: { readonly validate: Validate; readonly lists: ListLengths },
): Promise<ExecutionResult> {
  const context = incoming.context as RequestContext;
  // Apollo Server resolves an unknown operation name to null: take the name as the client sent it.
  const operationName = incoming.request.operationName ?? null;
  const variables = incoming.request.variables ?? {};
  const choose = () => onlyOperation(incoming.document, operationName, planner.schema);
  const document = await chargeOperation(toSubmitted(incoming), choose, lists, charge, context);

  const ofKind = kinds.of(context.policy.accessOf(context.reader, context.at));
  const key = `${incoming.queryHash} ${operationName}`;
  const errors = validate({ key, document: incoming.document, operation: document }, ofKind);
  if (errors.length > 0) return { errors };
  const coerced = coerceVariables(document, variables, planner.schema);

  const split = splitIntrospection(document);
  const shown = split.schema === null ? {} : introspect(kinds.bounded(split.schema), ofKind, variables);

  const decision =
    split.data === null
      ? { refused: [], refusedAt: [], allowed: null }
      : decide({ document: split.data, variables: coerced }, planner.schema, ofKind);

  const facts = {
    correlationId: context.correlationId,
    at: context.at,
    reader: context.reader,
    token: context.token,
    operation: { name: operationName, document: incoming.source, variables: recordable(document, variables) },
    policy: context.policy.version,
    refused: decision.refused,
  };
  if (decision.allowed !== null && isChange(decision.allowed)) {
    await checkAudiences(decision.allowed, coerced, planner.schema, store.registry);
    await recordIntent(store.trail(), facts);
  }

  const given = { given: variables, coerced };
  const gathered = await gatherAllowed(decision.allowed, split.data, given, gather, incoming);

  const parts = {
    document: split.data,
    operationName,
    variables,
    refusedAt: decision.refusedAt,
    isPruned: decision.allowed !== split.data,
    order: split.order,
  };
  const shaped = shapeAnswer(gathered, parts, shown, context, planner.schema);

  await discloseUnder(
    { ...facts, fields: givenFields(gathered, decision.allowed, coerced, planner) },
    gathered.collected,
    context,
    store,
  );
  return shaped;
}

/** The stages plan and dispatch. If the policy allows no part of the operation, no subgraph is asked. */
async function gatherAllowed(
  allowed: DocumentNode | null,
  asked: DocumentNode | null,
  variables: Allowed['variables'],
  gather: Gather,
  incoming: Incoming,
): Promise<Gathered> {
  if (allowed === null) return { written: null, given: null, collected: createCollected() };
  const key = keyOf(allowed, asked, incoming);
  return await gather(
    { key, document: allowed, variables },
    toEnd(incoming.context as RequestContext, allowed),
  );
}

/** The coordinates that an answer gives, for the audit entry. */
function givenFields(
  { written, given }: Gathered,
  allowed: DocumentNode | null,
  variables: Parameters<typeof fieldsOf>[1],
  { schema }: Planner,
): ReturnType<typeof fieldsOf> {
  if (allowed === null) return { given: [], empty: [] };
  if (given === null) return fieldsOf(allowed, variables, written?.data ?? null, schema);
  const asked = fieldsOf(allowed, variables, null, schema).empty;
  const [some, none] = [asked.filter((one) => given.has(one)), asked.filter((one) => !given.has(one))];
  return { given: some, empty: none };
}

/** The stage audit: records the disclosures before the response leaves. A response with RED is never stored. */
async function discloseUnder(
  facts: Omit<Parameters<typeof recordDisclosure>[1], 'disclosed' | 'lost'>,
  { disclosed, failedSubgraphs }: Collected,
  context: RequestContext,
  store: HubStore,
): Promise<void> {
  if (disclosed.some(holdsRed)) context.setHeaders({ 'cache-control': redCacheControl });
  await recordDisclosure(store.trail(), { ...facts, disclosed, lost: [...failedSubgraphs] });
}

function toSubmitted({ document, source, request }: Incoming): Submitted {
  const variables = request.variables ?? {};
  return { document, variables, keptBytes: source.length + JSON.stringify(variables).length };
}

/** A change that was sent runs to its end, also if the client has gone: the audit log records its result. */
function toEnd(context: RequestContext, document: DocumentNode): RequestContext {
  return isChange(document) ? { ...context, signal: new AbortController().signal } : context;
}

/** Returns a key of the allowed document: Apollo Server's hash of the text, or a hash of what is left of the document. */
function keyOf(allowed: DocumentNode, asked: DocumentNode | null, { queryHash, request }: Incoming): string {
  const isWhole = allowed === asked && asked !== null && request.operationName === undefined;
  return isWhole ? queryHash : createHash('sha256').update(print(allowed)).digest('hex');
}

/** Creates the sources of the data: the hub's own subgraph in this process, and one for each community. */
function createSources(
  planner: Planner,
  settings: HubSettings,
  store: HubStore,
  key: () => SigningKey,
  log: Logger,
): ReadonlyMap<string, PartSource> {
  const agent = createAgent(settings.subgraphsCa, settings.partConcurrency);
  const addresses: Readonly<Record<string, string>> = settings.subgraphs;
  return sourcesOf(planner, (name, schema) => {
    if (name === 'hub') return createHubSubgraph(store, log);
    const url = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
    if (url === undefined)
      throw new Error(`the supergraph has a subgraph ${name}, but no setting has its URL`);
    const ends = { deployment: settings.deployment, community: name };
    const subgraph = { url, deadlineMs: settings.partDeadlineMs, agent };
    const sessions = new Sessions(createAgree(ends, subgraph, key), () => key().id, log);
    const bounds = { atOnce: settings.partConcurrency, deadlineMs: settings.partDeadlineMs };
    return createSource(name, createAsk(subgraph, sessions), schema, createShelter(name, bounds, log), log);
  });
}
