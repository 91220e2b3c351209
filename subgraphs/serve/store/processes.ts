import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Collection } from 'mongodb';
import { within } from '../../../schema/runtime/within.ts';
import { type CommunityStore, isOpen } from './store.ts';
import type { Oldest } from '../record/schema-versions.ts';

/** What runs on a community's store. */
export type What = 'subgraph' | 'import';

/** A process that is or was there: which versions of the documents it knows, and when it last said so. */
type Process = {
  readonly _id: string;
  readonly what: What;
  readonly at: string;
  readonly versions: Oldest;
  /** By the store's own clock. */
  readonly seenAt: Date;
};

const beatEveryMs = 5000;
const connectingMs = 100;
const answerMs = 4000;
/** A process that has not said for so long that it is there, is not; in milliseconds. */
export const goneMs = 60_000;

/** Tells the store that this process is there and which versions it knows, until it stops. */
export function announce(store: CommunityStore, what: What) {
  const _id = randomUUID();
  const versions = versionsKnown(store);
  const at = `${hostname()}, process ${process.pid}`;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const beat = async (): Promise<void> => {
    const canTell = isOpen(store);
    const said = [{ $set: { what, at, versions, seenAt: '$$NOW' } }];
    const tell = async () => await processesOf(store).updateOne({ _id }, said, { upsert: true });
    if (canTell) await within(answerMs, tell()).catch(() => undefined);
    if (!stopped) timer = setTimeout(again, canTell ? beatEveryMs : connectingMs).unref();
  };
  const again = () => {
    beating = beat();
  };
  let beating = beat();
  return {
    /** Resolves once a connected store was told, or could not be. */
    told: beating,
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await beating;
      const gone = async () => await processesOf(store).deleteOne({ _id });
      if (isOpen(store)) await within(answerMs, gone()).catch(() => undefined);
    },
  };
}

/** The version of each kind that a store's program knows. */
export function versionsKnown({ schemas }: Pick<CommunityStore, 'schemas'>): Oldest {
  return Object.fromEntries([...schemas.values()].map(({ type, current }) => [type, current]));
}

/** The processes of these last moments that know less than these versions, one a line in words. */
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

function processesOf(store: CommunityStore): Collection<Process> {
  return store.connection.collection<Process>('processes');
}
