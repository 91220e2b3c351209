import { setTimeout as pause } from 'node:timers/promises';
import { type Counted, Tally } from '../preview/tally.ts';
import { type Held, raise, readKeyState, refuseOldProgram } from '../store/key-state.ts';
import { usualGraceMs } from '../relabel/relabel.ts';
import { schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { walk, type WalkOptions } from '../store/walk/walk.ts';
import { findOlder, goneMs } from '../store/processes.ts';
import { expandRange, shedRange } from './migrate-range.ts';
import type { Oldest, SchemaVersions } from '../record/schema-versions.ts';

/** What a migration is told besides the store. */
export type MigrateOptions = WalkOptions & {
  /**
   * How long after a store is held to a version the fields of older ones are still written and none is taken away, in
   * milliseconds: longer than a subgraph serves without looking, and the longest request that began before.
   */
  readonly graceMs?: number;
  /** How long a process counts as there after it was last seen, in milliseconds. */
  readonly recentlyMs?: number;
};

/** How many documents were written, and those that could not be, by reason, as they are left. */
export type Migrated = { readonly migrated: number; readonly failed: readonly Counted[] };

/** The store is not contracted: why, in words. */
export class NotContracted extends Error {
  override readonly name = 'NotContracted';
}

/** The kinds whose documents have migrations. */
export function migratedKinds({ schemas }: CommunityStore): readonly SchemaVersions[] {
  return [...schemas.values()].filter(({ current }) => current > 1);
}

/**
 * Brings every document of a store to the version of this program, by adding the new fields beside the old: programs of
 * an older version go on reading and writing. Safe to kill at any moment and to run twice at once: what is left to do is
 * told by the documents. What an older program writes behind the walk stays for the next one, and is read all the same.
 */
export async function migrate(store: CommunityStore, options: MigrateOptions = {}): Promise<Migrated> {
  const kinds = migratedKinds(store);
  const failed = new Tally();
  const migrated = await walkOver(
    store,
    kinds,
    'adding',
    options,
    async (schema, range) => await expandRange(store, schema, range, failed),
  );
  return { migrated, failed: failed.rows() };
}

/**
 * Holds a migrated store to the version of this program, then takes away what only older versions read. From then on no
 * older program writes here, and it finds the records gone. Throws NotContracted while one was there a moment ago, or
 * while a document is left that cannot be migrated. Safe to kill and to run again; gives how many documents were shed.
 */
export async function contract(store: CommunityStore, options: MigrateOptions = {}): Promise<number> {
  const kinds = migratedKinds(store);
  const state = await readKeyState(store);
  // Where nothing was ever stored there is nothing to hold to anything.
  if (kinds.length === 0 || state === null) return 0;
  refuseOldProgram(store, state);
  const versions = Object.fromEntries(kinds.map(({ type, current }) => [type, current]));
  await refuseOlder(store, versions, options);
  await migrateAll(store, options);
  if (isBelow(state.oldest, versions)) await raise(store, 'oldest', versions, new Date());
  // What an older program had begun to write before it was refused.
  await migrateAll(store, options);
  await waitForReaders(await readKeyState(store), options);
  await refuseOlder(store, versions, options);
  await raise(store, 'shed', versions, new Date());
  // What is written from now on bears nothing of it, so one walk finds all that does.
  return await walkOver(
    store,
    kinds,
    'removing',
    options,
    async (schema, range) => await shedRange(store, schema, range),
  );
}

async function walkOver(
  store: CommunityStore,
  kinds: readonly SchemaVersions[],
  step: 'adding' | 'removing',
  options: MigrateOptions,
  visit: (schema: SchemaVersions, range: Parameters<typeof shedRange>[2]) => Promise<number>,
): Promise<number> {
  const names = kinds.map(({ type }) => type);
  return await walk(
    store,
    names,
    step,
    options,
    async (kind, range) => await visit(schemaOf(store, kind), range),
  );
}

async function migrateAll(store: CommunityStore, options: MigrateOptions): Promise<void> {
  const { failed } = await migrate(store, options);
  if (failed.length === 0) return;
  const left = failed.map(({ what, records, examples }) => `${what}: ${records} (such as ${examples[0]})`);
  throw new NotContracted(`some records cannot be migrated:\n  ${left.join('\n  ')}`);
}

async function refuseOlder(store: CommunityStore, versions: Oldest, options: MigrateOptions): Promise<void> {
  const recentlyMs = options.recentlyMs ?? goneMs;
  const older = await findOlder(store, versions, recentlyMs);
  if (older.length === 0) return;
  throw new NotContracted(
    `programs of an older version were here in the last ${recentlyMs / 1000} s; stop them, then run this again:\n  ${older.join('\n  ')}`,
  );
}

/** Until then somebody may still filter by what older versions have. */
async function waitForReaders(held: Held | null, options: MigrateOptions): Promise<void> {
  const raisedAt = held?.raisedAt?.getTime() ?? Date.now();
  const restMs = raisedAt + (options.graceMs ?? usualGraceMs) - Date.now();
  if (restMs > 0) await pause(restMs, undefined, { signal: options.signal });
}

function isBelow(held: Oldest = {}, versions: Oldest): boolean {
  return Object.entries(versions).some(([kind, version]) => (held[kind] ?? 1) < version);
}
