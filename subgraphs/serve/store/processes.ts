import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Collection } from 'mongodb';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from './store.ts';
import { derivation } from './derive.ts';
import type { Oldest } from '../record/schema-versions.ts';

/** The kind of process that uses a community's store. */
export type What = 'subgraph' | 'import';

/** A process that uses the store: the document versions that it knows, and when it was last seen. */
type Process = {
  readonly _id: string;
  readonly what: What;
  readonly at: string;
  readonly versions: Oldest;
  /** The version of the rules by which it derives values (derive.ts); absent in programs without such rules. */
  readonly derives?: number;
  /** By the clock of the store. */
  readonly seenAt: Date;
};

const beatEveryMs = 5000;
const connectingMs = 100;
const answerMs = 4000;
/** A process that was not seen for this long has ended, in milliseconds. */
export const goneMs = 60_000;

/** Registers this process and the versions that it knows in the store, every 5 s until `stop` is called. */
export function announce(store: CommunityStore, what: What) {
  const _id = randomUUID();
  const versions = versionsKnown(store);
  const at = `${hostname()}, process ${process.pid}`;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const beat = async (): Promise<void> => {
    const isConnected = isOpen(store);
    const seen = [{ $set: { what, at, versions, derives: derivation, seenAt: '$$NOW' } }];
    const register = async () => await processesOf(store).updateOne({ _id }, seen, { upsert: true });
    if (isConnected) await within(answerMs, register()).catch(() => undefined);
    if (!stopped) timer = setTimeout(again, isConnected ? beatEveryMs : connectingMs).unref();
  };
  const again = () => {
    beating = beat();
  };
  let beating = beat();
  return {
    /** Resolves when the first attempt to register ends, successful or not. */
    registered: beating,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await beating;
      const remove = async () => await processesOf(store).deleteOne({ _id });
      if (isOpen(store)) await within(answerMs, remove()).catch(() => undefined);
    },
  };
}

/** Returns the document version of each kind that this program knows. */
export function versionsKnown({ schemas }: Pick<CommunityStore, 'schemas'>): Oldest {
  return Object.fromEntries([...schemas.values()].map(({ type, current }) => [type, current]));
}

/** Describes, one per line, the recently seen processes that do not know these versions. */
export async function findOlder(
  store: CommunityStore,
  versions: Oldest,
  recentlyMs: number,
): Promise<readonly string[]> {
  const since = { $gt: ['$seenAt', { $subtract: ['$$NOW', recentlyMs] }] };
  const recent = await within(
    answerMs,
    processesOf(store).find({ $expr: since }, { readConcern: 'majority' }).toArray(),
  );
  const lines = recent.flatMap(({ what, at, versions: known, seenAt }) => {
    const older = Object.entries(versions).filter(([kind, version]) => (known[kind] ?? 1) < version);
    const kinds = older.map(([kind]) => `${kind} (version ${known[kind] ?? 1})`).join(', ');
    return older.length === 0 ? [] : [`${what} on ${at}, last seen ${seenAt.toISOString()}: ${kinds}`];
  });
  return lines.toSorted();
}

/** Returns whether a recently seen process derives values by older rules, or not at all. */
export async function derivesLess(
  store: CommunityStore,
  least: number,
  recentlyMs: number,
): Promise<boolean> {
  const since = { $gt: ['$seenAt', { $subtract: ['$$NOW', recentlyMs] }] };
  const older = { $expr: since, derives: { $not: { $gte: least } } };
  const options = { readConcern: 'majority', projection: { _id: 1 } } as const;
  return (await within(answerMs, processesOf(store).findOne(older, options))) !== null;
}

function processesOf(store: CommunityStore): Collection<Process> {
  return store.connection.collection<Process>('processes');
}
