import { type Db, MongoClient } from 'mongodb';
import type { Logger } from 'pino';
import { HubError } from '../schema/errors.ts';
import type { KeptBundle, PolicyArchive, PolicyMemory } from '../schema/policy/bundle/in-force.ts';
import { rememberPolicies } from '../schema/policy/bundle/memory.ts';
import { within } from '../schema/runtime/within.ts';
import { Attempts } from './audit/attempts.ts';
import { Checkpoint } from './audit/checkpoint.ts';
import type { EntryKey } from './audit/signature.ts';
import { findHashAt, trailClientOptions } from './audit/store.ts';
import { type FindReceivers, openReceivers } from './audit/receivers.ts';
import { openTrail, type Trail } from './audit/trail.ts';
import { type AccessLog, openAccessLog } from './audit/log.ts';
import { openPolicyHistory, type PolicyHistory } from '../schema/policy/bundle/history.ts';
import { openBuckets } from './budget/bucket.ts';
import { type Leases, openLeases } from './budget/leases.ts';
import type { AskAgreements } from './registry/ask-agreements.ts';
import { type FollowedAgreements, followAgreements } from './registry/follow-agreements.ts';
import { watchNames } from './registry/watch-names.ts';
import type { Names } from './registry/names.ts';
import { openRegistry, type Registry } from './registry/registry.ts';
import { type Revocations, watchRevocations } from './registry/revocations.ts';
import { openWebhookStore, type WebhookStore } from './webhooks/webhook-store.ts';

/** The hub's own store: registry, alias table, budgets, all policy versions and the audit log; never records. */
export type HubStore = {
  readonly registry: Registry & Revocations;
  /** Keeps the states of the registry's agreements, as `ask` answers them. */
  readonly followAgreements: (ask: AskAgreements) => FollowedAgreements;
  /** The webhooks of the registry, and what is to be sent to them. */
  readonly webhooks: WebhookStore;
  /** Returns the current alias table. */
  readonly names: (picture: string) => Names;
  /** Returns the writer of the audit log. Throws TRAIL_UNAVAILABLE until it is open. */
  readonly trail: () => Trail;
  /** Counts the requests that fail before they have an entry. */
  readonly attempts: Attempts;
  /** This hub's leases on the shared budgets. */
  readonly leases: Leases;
  /** Every version of the policy that was ever in force. */
  readonly policies: PolicyArchive;
  /** Every supergraph that was ever accepted. */
  readonly supergraphs: PolicyMemory;
  /** Returns the policy of a version; null if it was never in force here. */
  readonly policyOf: PolicyHistory;
  /** The audit log for readers. */
  readonly log: AccessLog;
  /** Finds the organisations that received a record, by the audit log. */
  readonly findReceivers: FindReceivers;
  isReady(): Promise<boolean>;
  /** Returns the figures of the audit log; null until it is open. */
  readonly trailFigures: () => ReturnType<Trail['figures']> | null;
  /** Returns the state of each part of the store, for operators. */
  states(): Promise<{ readonly store: string; readonly auditLog: string; readonly revocations: string }>;
  close(): Promise<void>;
};

const retryMs = 500;

/** Opens the hub's store without waiting for the connection. Until it answers, requests that need it fail. */
export function openHubStore(
  settings: {
    readonly storeUri: string;
    readonly deployment: string;
    readonly checkpointFile: string | null;
    readonly storeDeadlineMs: number;
  },
  key: () => EntryKey,
  log: Logger,
): HubStore {
  const { storeDeadlineMs } = settings;
  const options = { ...trailClientOptions(storeDeadlineMs), maxPoolSize: 50 };
  const client = new MongoClient(settings.storeUri, options);
  const connecting = retryConnecting(client, log);
  const db = client.db();
  const warn = (message: string) => (error: unknown) => log.warn({ error: String(error) }, message);
  const names = watchNames(db, warn('the alias table cannot be read: the last one stays in use'));
  const unread = warn('the revocations of tokens cannot be read');
  const revocations = watchRevocations(db, unread, storeDeadlineMs);
  const trail = retryOpeningTrail(db, settings, key, log);
  const attempts = new Attempts((counted) => trail.current().appendAttempts(counted));
  const leases = openLeases(openBuckets(db), storeDeadlineMs);
  const policies = rememberPolicies(() => db.collection<KeptBundle>('policies'), within);
  return {
    registry: { ...openRegistry(db, storeDeadlineMs), isRevoked: revocations.isRevoked },
    followAgreements: (ask) =>
      followAgreements(db, ask, warn('the states of agreements cannot be read: the last ones stay in use')),
    webhooks: openWebhookStore(db),
    names: names.current,
    trail: trail.current,
    attempts,
    leases,
    policies,
    supergraphs: rememberPolicies(() => db.collection<KeptBundle>('supergraphs'), within),
    policyOf: openPolicyHistory(policies),
    log: openAccessLog(db, settings.deployment),
    findReceivers: openReceivers(db, settings.deployment),
    isReady: async () => trail.isOpen() && revocations.isKnown() && (await isUp(db)),
    trailFigures: () => (trail.isOpen() ? trail.current().figures() : null),
    states: async () => ({
      store: (await isUp(db)) ? 'ready' : 'does not answer',
      auditLog: stateOf(trail),
      revocations: revocations.isKnown() ? 'ready' : 'not read yet',
    }),
    close: async () => {
      connecting.stop();
      names.stop();
      revocations.stop();
      await leases.close();
      attempts.stop();
      await trail.close();
      await client.close();
    },
  };
}

/** Retries until the first connection succeeds. Afterwards the driver reconnects. */
function retryConnecting(client: MongoClient, log: Logger) {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const attempt = async (): Promise<void> => {
    try {
      await client.connect();
    } catch (error) {
      log.warn({ error: String(error) }, `the hub's store does not answer: next attempt in ${retryMs} ms`);
      if (!stopped) timer = setTimeout(() => void attempt(), retryMs);
    }
  };
  void attempt();
  return {
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}

/** Retries to open the audit log while the store is down: the first append needs the head of the chain. */
function retryOpeningTrail(
  db: Db,
  { deployment, checkpointFile, storeDeadlineMs }: Parameters<typeof openHubStore>[0],
  key: () => EntryKey,
  log: Logger,
) {
  let open: Trail | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  const report = (failure: unknown) =>
    log.error({ failure: String(failure) }, 'the audit log cannot be written');
  const checkpoint = checkpointFile === null ? null : openCheckpoint(db, deployment, checkpointFile, log);
  const attempt = async (): Promise<void> => {
    try {
      open = await openTrail({
        db,
        deployment,
        key,
        report,
        moved: (head) => checkpoint?.moved(head),
        patienceMs: storeDeadlineMs + 500,
      });
    } catch (error) {
      report(error);
      if (!closed) timer = setTimeout(again, retryMs);
    }
  };
  const again = () => {
    opening = attempt();
  };
  let opening = attempt();
  return {
    isOpen: () => open !== null,
    current: (): Trail => {
      if (open === null) throw new HubError('TRAIL_UNAVAILABLE', 'the audit log is not open yet');
      return open;
    },
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await opening;
      await open?.close();
      await checkpoint?.stop();
    },
  };
}

function openCheckpoint(db: Db, deployment: string, file: string, log: Logger): Checkpoint {
  return new Checkpoint(
    { file, deployment },
    async (seq) => await findHashAt(db, deployment, seq),
    (failure) => log.error({ failure: String(failure) }, 'the checkpoint of the audit log cannot be written'),
  );
}

function stateOf(trail: { readonly isOpen: () => boolean; readonly current: () => Trail }): string {
  if (!trail.isOpen()) return 'not open';
  return trail.current().healthy ? 'ready' : 'delayed';
}

async function isUp(db: Db): Promise<boolean> {
  try {
    await within(1500, db.command({ ping: 1 }));
    return true;
  } catch {
    return false;
  }
}
