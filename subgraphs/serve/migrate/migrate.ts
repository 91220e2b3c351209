import { setTimeout as pause } from 'node:timers/promises';
import { type Counted, Tally } from '../preview/tally.ts';
import { type Held, raise, readKeyState, refuseOldProgram } from '../store/key-state.ts';
import { usualGraceMs } from '../relabel/relabel.ts';
import { schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { walk, type WalkOptions } from '../store/walk/walk.ts';
import { findOlder, goneMs } from '../store/processes.ts';
import { expandRange, removeOldFields } from './migrate-range.ts';
import type { Oldest, SchemaVersions } from '../record/schema-versions.ts';

/** Options of a migration. */
export type MigrateOptions = WalkOptions & {
  /**
   * How long the fields of older versions are still written after the minimum version was raised, in milliseconds. It
   * must exceed the time that a subgraph serves without reading the minimum, plus the longest request.
   */
  readonly graceMs?: number;
  /** How long a process counts as running after it was last seen, in milliseconds. */
  readonly recentlyMs?: number;
};

/** How many documents were migrated, and by reason those that could not be. */
export type Migrated = { readonly migrated: number; readonly failed: readonly Counted[] };

/** The store was not contracted. The message says why. */
export class NotContracted extends Error {
  override readonly name = 'NotContracted';
}

/** Returns the kinds whose documents have migrations. */
export function migratedKinds({ schemas }: CommunityStore): readonly SchemaVersions[] {
  return [...schemas.values()].filter(({ current }) => current > 1);
}

/**
 * Migrates every document of a store to the version of this program. It adds the new fields and keeps the old ones,
 * so programs of older versions continue to read and write. Safe to kill at any time and to run twice at once: the
 * documents show what is left to do. Documents that an older program writes later are still read, and migrated next
 * time.
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
 * Makes the version of this program the minimum of a migrated store, then removes the fields of older versions. After
 * that, older programs can neither write here nor read the records. Throws NotContracted if an older program was seen
 * recently, or if a document cannot be migrated. Safe to kill and to run again. Returns how many documents were
 * changed.
 */
export async function contract(store: CommunityStore, options: MigrateOptions = {}): Promise<number> {
  const kinds = migratedKinds(store);
  const state = await readKeyState(store);
  // A store without a key state has no records.
  if (kinds.length === 0 || state === null) return 0;
  refuseOldProgram(store, state);
  const versions = Object.fromEntries(kinds.map(({ type, current }) => [type, current]));
  await refuseOlder(store, versions, options);
  await migrateAll(store, options);
  if (isBelow(state.oldest, versions)) await raise(store, 'oldest', versions, new Date());
  // Migrate what an older program wrote before the minimum was raised.
  await migrateAll(store, options);
  await waitForReaders(await readKeyState(store), options);
  await refuseOlder(store, versions, options);
  await raise(store, 'shed', versions, new Date());
  // New writes no longer have these fields, so one walk finds all documents that do.
  return await walkOver(
    store,
    kinds,
    'removing',
    options,
    async (schema, range) => await removeOldFields(store, schema, range),
  );
}

async function walkOver(
  store: CommunityStore,
  kinds: readonly SchemaVersions[],
  step: 'adding' | 'removing',
  options: MigrateOptions,
  visit: (schema: SchemaVersions, range: Parameters<typeof removeOldFields>[2]) => Promise<number>,
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
  throw new NotContracted(
    `the store is not contracted, because some records cannot be migrated:\n  ${left.join('\n  ')}`,
  );
}

async function refuseOlder(store: CommunityStore, versions: Oldest, options: MigrateOptions): Promise<void> {
  const recentlyMs = options.recentlyMs ?? goneMs;
  const older = await findOlder(store, versions, recentlyMs);
  if (older.length === 0) return;
  throw new NotContracted(
    `programs of an older version used this store in the last ${recentlyMs / 1000} s. Stop them, then run this command again:\n  ${older.join('\n  ')}`,
  );
}

/** Waits until no request filters by fields of older versions. */
async function waitForReaders(held: Held | null, options: MigrateOptions): Promise<void> {
  const raisedAt = held?.raisedAt?.getTime() ?? Date.now();
  const restMs = raisedAt + (options.graceMs ?? usualGraceMs) - Date.now();
  if (restMs > 0) await pause(restMs, undefined, { signal: options.signal });
}

function isBelow(held: Oldest = {}, versions: Oldest): boolean {
  return Object.entries(versions).some(([kind, version]) => (held[kind] ?? 1) < version);
}
