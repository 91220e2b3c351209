import express, { type Express, type Request } from 'express';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Logger, pino } from 'pino';
import { policyFilesAt } from '../../schema/policy/bundle/files.ts';
import { watchPolicy } from '../../schema/policy/bundle/in-force.ts';
import type { Policy } from '../../schema/policy/decide/policy.ts';
import { createServerOf, schemeOf } from '../../schema/runtime/tls.ts';
import { watchFile } from '../../schema/runtime/watched-file.ts';
import { Changes } from './changes/changes.ts';
import type { CommunityPart } from './graph/community.ts';
import type { Context } from './graph/context.ts';
import { Executors } from './graph/executors.ts';
import { readHubKeys } from './verify/hub-keys.ts';
import { compareHubVersion, type HubVersion } from './verify/hub-version.ts';
import { Loaders } from './read/loaders.ts';
import { announce } from './store/processes.ts';
import { throttle } from './migrate/throttle.ts';
import { policiesOf } from './store/policies.ts';
import { followSwitch } from './operate/switch.ts';
import { keepLabelled } from './relabel/keep-labelled.ts';
import { followServed, type Served } from './relabel/served.ts';
import { followLabelling } from './store/labeller.ts';
import { type Versions, versionsIn } from './store/policy-versions.ts';
import type { SubgraphSettings } from './settings.ts';
import { type CommunityStore, openStore } from './store/store.ts';
import { type AssertedRequest, Door } from './verify/verify.ts';

/** A subgraph that listens: where, and how it stops. */
export type RunningSubgraph = { readonly url: string; stop(): Promise<void> };

/**
 * Starts a community's subgraph beside its store: verify the hub's assertion, shield, decide, read, answer with
 * what was disclosed. It starts whether or not the store is up and a policy is there, and refuses until they are.
 */
export async function serve(community: CommunityPart, settings: SubgraphSettings): Promise<RunningSubgraph> {
  // pino writes an Error under any other name than its own as {}.
  const serializers = { error: pino.stdSerializers.err };
  const log = pino({ name: community.name, level: settings.log, serializers }, pino.destination(2));
  const keys = await watchHubKeys(settings, log);
  const report = (error: unknown) => log.error({ error }, 'the store does not answer');
  const leftOut = throttle((words) => log.error({ alarm: true }, words));
  const store = openStore(settings.storeUri, community.kinds, report, leftOut);
  const archive = policiesOf(store);
  const policies = watchPolicy(policyFilesAt(settings), settings.deployment, archive, log);
  const versions = versionsIn(archive);
  const served = followServed(store, policies, versions, log);
  const labelled = keepLabelled(store, policies, log);
  const announced = announce(store, 'subgraph');
  const hubVersion = compareHubVersion(policies, archive, log);
  const executors = new Executors(
    community,
    (request) => contextOf(request, community, { store, versions, served }, settings, log),
    log,
  );
  const turned = followSwitch(store, (error) =>
    log.warn({ error: String(error) }, 'the switch cannot be read'),
  );
  const app = route(keys.door, { served, hubVersion, isOut: turned.isOut }, executors);
  const server = createServerOf(settings, app);
  await listen(server, settings);
  const { port } = server.address() as AddressInfo;
  return {
    url: `${schemeOf(settings)}://${settings.host}:${port}/graphql`,
    stop: async () => {
      turned.stop();
      policies.stop();
      served.stop();
      server.close();
      server.closeIdleConnections();
      keys.stop();
      await executors.stop();
      await Promise.all([labelled.stop(), announced.stop()]);
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

/** What must be so for a request to be decided at all. */
type Ready = { readonly served: Served; readonly hubVersion: HubVersion; readonly isOut: () => boolean };

function route(door: Door, { served, hubVersion, isOut }: Ready, executors: Executors): Express {
  const app = express().disable('x-powered-by').disable('etag');
  // For whoever runs the process, and the same for all: that it is up.
  app.get('/health', (_request, response) => void response.status(200).json({ status: 'up' }));
  app.get('/ready', (_request, response) => {
    const ready = served.current() !== null;
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready' });
  });
  app.post('/session', ...door.agree());
  app.post(
    '/graphql',
    ...door.verify(),
    // The operator's switch comes after the hub is known: to anybody else this address is as it always is.
    (_request, response, next) => (isOut() ? void response.status(503).end() : next()),
    async (request, response, next) => {
      const { assertion } = request as Request & AssertedRequest;
      const isKnown = served.current() !== null && (await hubVersion.accepts(assertion.policy));
      const policy = served.current();
      if (!isKnown || policy === null) return void response.status(503).end();
      Object.assign(request, { policy } satisfies DecidedRequest);
      return void (await executors.under(policy))(request, response, next);
    },
  );
  return app.use(door.elsewhere).use(door.failed);
}

/** One policy for all that is decided on a request, whatever comes into force meanwhile. */
type DecidedRequest = { policy: Policy };

/** What every request of a subgraph is answered from. */
type Beside = { readonly store: CommunityStore; readonly versions: Versions; readonly served: Served };

function contextOf(
  request: Request,
  community: CommunityPart,
  { store, versions, served }: Beside,
  settings: SubgraphSettings,
  log: Logger,
): Context {
  const { assertion, now, policy } = request as Request & AssertedRequest & DecidedRequest;
  const { reader } = assertion;
  const readerAccess = policy.accessOf(reader, now);
  const loaders = new Loaders(store, community.kinds, policy, readerAccess, settings.cursorKey, {
    oldest: served.oldest(),
  });
  const { name, kinds } = community;
  const alarm = (words: string) => log.error({ alarm: true }, words);
  const labeller = followLabelling(store, versions, policy.source.version);
  const changes = new Changes({ community: name, kinds, store, policy, labeller, readerAccess, alarm });
  return { reader, readerAccess, assertion, loaders, changes };
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
