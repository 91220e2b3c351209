import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import type { Logger } from 'pino';
import { policyFilesAt } from '../../schema/policy/bundle/files.ts';
import { watchPolicy } from '../../schema/policy/bundle/in-force.ts';
import { gapsOf } from '../../schema/policy/check/coverage.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { listenOn } from '../../schema/runtime/listen.ts';
import { createLog } from '../../schema/runtime/log.ts';
import { createServerOf, schemeOf } from '../../schema/runtime/tls.ts';
import { watchFile } from '../../schema/runtime/watched-file.ts';
import { Changes } from './changes/changes.ts';
import type { CommunityPart } from './graph/community.ts';
import type { Context } from './graph/context.ts';
import { Executors } from './graph/executors.ts';
import type { ChangeSource } from './live/follow-changes.ts';
import { type Position, sealPosition } from './live/position.ts';
import { type ChangesEndpoint, createChangesEndpoint } from './live/serve-changes.ts';
import { readHubKeys } from './verify/hub-keys.ts';
import { compareHubVersion, type HubVersion } from './verify/hub-version.ts';
import { observeVerify } from './observe/observe-verify.ts';
import { openSubgraphObserver, type SubgraphObserver } from './observe/subgraph-observer.ts';
import { Loaders } from './read/loaders.ts';
import { announce } from './store/processes.ts';
import { throttle } from './migrate/throttle.ts';
import { policiesOf } from './store/policies.ts';
import { followSwitch } from './operate/switch.ts';
import { relabelInBackground } from './relabel/relabel-in-background.ts';
import { followServed, type Served } from './relabel/served.ts';
import { followKeyState } from './store/key-assigner.ts';
import { type Versions, versionsIn } from './store/policy-versions.ts';
import type { SubgraphSettings } from './settings.ts';
import { type CommunityStore, openStore } from './store/store.ts';
import { type AssertedRequest, HubAuthenticator } from './verify/verify.ts';
import { createAgreementsEndpoint } from './workflow/kinds/agreement-states.ts';
import { Moves } from './workflow/moves.ts';
import { workflowRulesOf } from './workflow/rules.ts';
import { runTimers } from './workflow/run-timers.ts';
import { Standings } from './workflow/standings.ts';

/** Longer than the hub waits for a subgraph (JCU_PART_DEADLINE_MS by default). */
const drainMs = 5000;

/**
 * How long an idle connection of the hub stays open. The hub closes it after 30 s: if the subgraph closed it first, a
 * request that the hub had just sent on it would fail, and with it the part of the community.
 */
const keepAliveMs = 65_000;

/** A subgraph that is listening. */
export type RunningSubgraph = { readonly url: string; stop(): Promise<void> };

/**
 * Starts a community's subgraph. A request passes these stages: verify the hub's assertion, shield the root fields,
 * read the store, decide each row, report what was disclosed. The subgraph also starts without a store or a policy; it
 * then refuses requests (503) until both are available.
 */
export async function serve(community: CommunityPart, settings: SubgraphSettings): Promise<RunningSubgraph> {
  const log = createLog(community.name, settings.log);
  const hub = await authenticateHub(settings, log);
  const report = (error: unknown) => log.error({ error }, 'the store does not answer');
  const reportSkipped = throttle((message) => log.error({ alarm: true }, message));
  const store = openStore(settings.storeUri, community.kinds, report, reportSkipped, {
    monitorCommands: settings.metricsPort !== null || settings.tracesUrl !== null,
  });
  const archive = policiesOf(store);
  const policies = watchPolicy(policyFilesAt(settings), settings.deployment, archive, {
    findGaps: gapsOf(community.name),
    log,
  });
  const versions = versionsIn(archive);
  const served = followServed(store, policies, versions, log);
  const relabelling = relabelInBackground(store, policies, log, { versions });
  const timers = runTimers(store, workflowRulesOf(community.name), log);
  const announced = announce(store, 'subgraph');
  const hubVersion = compareHubVersion(policies, archive, log);
  const executors = new Executors(
    community,
    (request) => contextOf(request, community, { store, versions, served }, settings, log),
    log,
  );
  const operatorSwitch = followSwitch(store, (error) =>
    log.warn({ error: String(error) }, "the operator's switch cannot be read from the store"),
  );
  const figures = {
    store,
    policyVersion: () => policies.current()?.version ?? null,
    isServed: () => served.current() !== null,
    hubKeys: hub.keyCount,
    isOut: operatorSwitch.isOut,
  };
  const observer = await openSubgraphObserver(settings, figures, log);
  const changes = createChangesEndpoint(changesOf(community, { store, versions, served }, settings, log));
  const preconditions = { served, hubVersion, isOut: operatorSwitch.isOut };
  const agreements = createAgreementsEndpoint(store, community.name);
  const app = route(observer, hub.authenticator, preconditions, { executors, changes, agreements });
  const { host, port } = settings;
  const server = createServerOf(settings, app);
  server.keepAliveTimeout = keepAliveMs;
  const listening = await listenOn(server, { host, port, choose: 'JCU_PORT' });
  return {
    url: `${schemeOf(settings)}://${host}:${listening.port}/graphql`,
    stop: async () => {
      changes.stop();
      await listening.stop(drainMs);
      operatorSwitch.stop();
      policies.stop();
      served.stop();
      hub.stop();
      await Promise.all([relabelling.stop(), timers.stop(), announced.stop()]);
      await store.connection.close();
      await observer.stop();
    },
  };
}

/** Reads the hub's keys again when their file changes. A key that is removed from the file ends its sessions. */
async function authenticateHub(settings: SubgraphSettings, log: Logger) {
  const keys = await watchFile(settings.hubKeysFile, readHubKeys, {
    change: (changed) => {
      authenticator.retainSessions(changed);
      log.info({ kids: [...changed.keys()] }, "loaded the hub's changed keys");
    },
    fault: (error) =>
      log.error(
        { error: String(error) },
        "the hub's changed keys cannot be read: the previous ones stay in use",
      ),
  });
  const authenticator = new HubAuthenticator(settings, keys.current, log);
  return { authenticator, keyCount: () => keys.current().size, stop: () => keys.stop() };
}

/** The conditions under which a request is answered. */
type Preconditions = {
  readonly served: Served;
  readonly hubVersion: HubVersion;
  readonly isOut: () => boolean;
};

/** The functions that answer verified requests. */
type Endpoints = {
  readonly executors: Executors;
  readonly changes: ChangesEndpoint;
  readonly agreements: (request: Request, response: Response) => Promise<void>;
};

function route(
  observer: SubgraphObserver,
  authenticator: HubAuthenticator,
  { served, hubVersion, isOut }: Preconditions,
  { executors, changes, agreements }: Endpoints,
): Express {
  const app = express().disable('x-powered-by').disable('etag');
  // Liveness probe. Public.
  app.get('/health', (_request, response) => void response.status(200).json({ status: 'up' }));
  app.get('/ready', (_request, response) => {
    const ready = served.current() !== null;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  });
  if (observer.count !== null) app.use(observer.count);
  app.post('/session', ...authenticator.acceptSession());
  const verified: readonly RequestHandler[] = [
    ...observeVerify(observer, authenticator.verifyRequest()),
    // After the hub is authenticated, so that no other caller can see that the community is switched off.
    (_request, response, next) => (isOut() ? void response.status(503).end() : next()),
    async (request, response, next) => {
      const { assertion } = request as Request & AssertedRequest;
      const isKnown = served.current() !== null && (await hubVersion.accepts(assertion.policy));
      const policy = served.current();
      if (isKnown && policy !== null) {
        Object.assign(request, { policy, hubGone: untilClosed(response) } satisfies DecidedRequest);
        next();
      } else response.status(503).end();
    },
  ];
  app.post('/graphql', ...verified, async (request, response, next) => {
    const { assertion, policy } = request as Request & AssertedRequest & DecidedRequest;
    // Such an assertion has no reader.
    if (assertion.delivery === 'changes' || assertion.delivery === 'agreements')
      return void response.status(400).end();
    const execute = async () => await executors.under(policy)(request, response, next);
    return void (await observer.run('execute', execute));
  });
  app.post('/changes', ...verified, async (request, response) => {
    const { assertion } = request as Request & AssertedRequest;
    const isAllowed = () => !isOut() && authenticator.isInSession(assertion, new Date());
    await changes.answer(request, response, isAllowed);
  });
  app.post('/agreements', ...verified, agreements);
  return app.use(authenticator.rejectUnknownPath).use(authenticator.handleError);
}

/** Returns a signal that is aborted when the hub closes the connection before the response is sent. */
function untilClosed(response: Response): AbortSignal {
  const closed = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) closed.abort();
  });
  return closed.signal;
}

/**
 * The one policy of a request, which stays the same when a new version comes into force meanwhile. `hubGone` is aborted
 * when the hub no longer waits. Node's requests have a `signal` already, which cannot be set.
 */
type DecidedRequest = { policy: Policy; hubGone: AbortSignal };

/** The parts of a subgraph that its requests share. */
type Shared = { readonly store: CommunityStore; readonly versions: Versions; readonly served: Served };

/** Returns what the streams of changes read. */
function changesOf(
  { name: community, kinds }: CommunityPart,
  { store, served }: Shared,
  { cursorKey }: SubgraphSettings,
  log: Logger,
): ChangeSource {
  const seal = (position: Position) => sealPosition(position, community, cursorKey);
  return { community, kinds, store, policy: () => served.current(), cursorKey, seal, log };
}

function contextOf(
  request: Request,
  community: CommunityPart,
  { store, versions, served }: Shared,
  settings: SubgraphSettings,
  log: Logger,
): Context {
  const { assertion, now, policy, hubGone } = request as Request & AssertedRequest & DecidedRequest;
  const { reader } = assertion;
  const readerAccess = policy.accessOf(reader, now);
  const { name, kinds } = community;
  const { cursorKey, shareLimit } = settings;
  const known = { oldest: served.oldest(), filled: served.filled() };
  const { waitsMs, delivery } = assertion;
  const waits = { signal: hubGone, ...(waitsMs !== undefined && { maxMs: waitsMs }) };
  const isEvent = delivery === 'subscription';
  const loaders = new Loaders({
    store,
    kinds,
    policy,
    readerAccess,
    cursorKey,
    shareLimit,
    isEvent,
    ...known,
    ...waits,
  });
  const alarm = (message: string) => log.error({ alarm: true }, message);
  const keyAssigner = followKeyState(store, versions, policy.source.version);
  const parts = { community: name, kinds, store, policy, keyAssigner, readerAccess, alarm };
  const changes = new Changes({ ...parts, members: assertion.members ?? [] });
  const workflowParts = { ...parts, ...workflowRulesOf(name) };
  const moves = new Moves({ ...workflowParts, addressed: assertion.addressed ?? null });
  const standings = new Standings(workflowParts);
  return { reader, readerAccess, assertion, loaders, changes, moves, standings };
}
