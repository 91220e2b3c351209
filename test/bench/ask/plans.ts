import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, type MongoClient } from 'mongodb';
import { waitAtMost } from '../../../docker/trial/patience.ts';
import { openAsAdmin } from '../../../docker/trial/stores/admin.ts';
import { databaseOf } from '../../../docker/trial/stores/names.ts';
import { type StoreName, storeNames } from '../../../docker/trial/stores/stores.ts';

/** The profiler's entry of one query: its plan and its cost. */
export type Op = {
  readonly store: StoreName;
  readonly collection: string;
  /** `IXSCAN { admits: 1, ... }`, `IDHACK`, `COLLSCAN`. */
  readonly plan: string;
  readonly keys: number;
  readonly documents: number;
  readonly rows: number;
  readonly ms: number;
  /** Index ranges of the query: held keys, times the keys or ids of the request. */
  readonly scans: number;
  /** The number of held keys under which one row can be found. */
  readonly held: number;
  readonly sorts: boolean;
  readonly scansAll: boolean;
};

/**
 * Opens the profiler of the trial's stores as the administrator of the trial's server, which grants itself the right.
 * The communities' users do not have it.
 */
export async function openProfiler(stores: string, uri: string): Promise<Profiler> {
  const secrets = JSON.parse(readFileSync(join(stores, 'secrets.json'), 'utf8')) as {
    servers: { all: { admin: string } };
  };
  const client = await openAsAdmin(Number(new URL(uri).port), secrets.servers.all.admin, waitAtMost(10_000));
  const roles = storeNames.flatMap((name) =>
    ['dbAdmin', 'read'].map((role) => ({ role, db: databaseOf(name) })),
  );
  await client.db('admin').command({ grantRolesToUser: 'trial-admin', roles });
  return new Profiler(client);
}

/** Records every operation of the stores during a request. */
export class Profiler implements AsyncDisposable {
  readonly client: MongoClient;

  constructor(client: MongoClient) {
    this.client = client;
  }

  /** Returns every query of every store during `work`. */
  async watch(work: () => Promise<void>): Promise<readonly Op[]> {
    for (const name of storeNames) {
      const db = this.client.db(databaseOf(name));
      await db.command({ profile: 0 });
      await db.dropCollection('system.profile').catch(() => false);
      await db.createCollection('system.profile', { capped: true, size: 64 * 1024 * 1024 });
      await db.command({ profile: 2 });
    }
    try {
      await work();
    } finally {
      for (const name of storeNames) await this.client.db(databaseOf(name)).command({ profile: 0 });
    }
    const found = await Promise.all(storeNames.map(async (name) => await this.#read(name)));
    return found.flat();
  }

  async #read(store: StoreName): Promise<readonly Op[]> {
    const wanted = {
      op: { $in: ['query', 'getmore', 'command'] },
      user: { $regex: `^${databaseOf(store)}@` },
    };
    const written = await this.client
      .db(databaseOf(store))
      .collection('system.profile')
      .find(wanted)
      .toArray();
    return written.filter(readsRows).map((entry) => toOp(store, entry));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

function readsRows({ command = {} }: Document): boolean {
  const { find, getMore, aggregate, count } = command as Document;
  return [find, getMore, aggregate, count].some((value) => value !== undefined);
}

function toOp(store: StoreName, entry: Document): Op {
  const command = (entry['command'] ?? {}) as Document;
  const asked = (entry['originatingCommand'] ?? command) as Document;
  const plan = String(entry['planSummary'] ?? '');
  const stages = stagesOf(entry['execStats']);
  const lists = listsIn(asked['filter'] ?? asked['pipeline']);
  const held = lists.get('admits') ?? lists.get('admitsEarly') ?? lists.get('terms') ?? 1;
  return {
    store,
    collection: String(entry['ns']).split('.').slice(1).join('.'),
    plan,
    keys: Number(entry['keysExamined'] ?? 0),
    documents: Number(entry['docsExamined'] ?? 0),
    rows: Number(entry['nreturned'] ?? 0),
    ms: Number(entry['millis'] ?? 0),
    scans: scansOf(plan, lists),
    held,
    sorts: entry['hasSortStage'] === true || stages.includes('SORT'),
    scansAll: /COLLSCAN/.test(plan) || stages.includes('COLLSCAN'),
  };
}

/** A lookup by id seeks each id once for each held key. A list seeks each held key once for each key of the request. */
function scansOf(plan: string, lists: ReadonlyMap<string, number>): number {
  const held = lists.get('admits') ?? lists.get('admitsEarly') ?? lists.get('terms') ?? 1;
  if (plan.includes('{ _id: 1 }')) return lists.get('_id') ?? 1;
  return held * (lists.get(plan.includes('{ _id: 1,') ? '_id' : 'key') ?? 1);
}

function stagesOf(stats: unknown): readonly string[] {
  if (Array.isArray(stats)) return stats.flatMap(stagesOf);
  if (typeof stats !== 'object' || stats === null) return [];
  return Object.entries(stats).flatMap(([name, value]) =>
    name === 'stage' ? [String(value)] : stagesOf(value),
  );
}

/** Returns the length of the `$in` list of each path, anywhere in the filter. */
function listsIn(filter: unknown, into = new Map<string, number>()): ReadonlyMap<string, number> {
  if (typeof filter !== 'object' || filter === null || filter instanceof Date) return into;
  for (const [name, value] of Object.entries(filter)) {
    const list = (value as { $in?: unknown } | null)?.$in;
    if (Array.isArray(list)) into.set(name, list.length);
    else listsIn(value, into);
  }
  return into;
}
