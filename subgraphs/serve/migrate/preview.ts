import type { CommunityStore } from '../store/store.ts';
import { recordsOf } from '../store/collections.ts';
import { migratedKinds } from './migrate.ts';
import { isBehind, isUnshed } from './migrate-range.ts';

/** What a migration would do to the documents of one kind. */
export type KindPreview = {
  readonly kind: string;
  readonly version: number;
  readonly because: readonly string[];
  /** How many would be migrated. */
  readonly behind: number;
  /** How many of the newest version bear what older ones read: `--contract` would take it away. */
  readonly unshed: number;
  /** How many are newer than this program, and how many of those it leaves out. */
  readonly newer: number;
  readonly unreadable: number;
};

/** Counts what a migration of a store would do. Reads no content, writes nothing. */
export async function previewMigration(store: CommunityStore): Promise<readonly KindPreview[]> {
  const kinds = migratedKinds(store).map(async (schema): Promise<KindPreview> => {
    const { type: kind, current: version } = schema;
    const count = async (filter: object) => await recordsOf(store, kind).countDocuments(filter);
    const newer = { schemaVersion: { $gt: version } };
    const closed = { $or: [{ readableFrom: { $gt: version } }, { readableFrom: null }] };
    const [behind, unshed, allNewer, unreadable] = await Promise.all(
      [isBehind(schema), isUnshed(schema), newer, { $and: [newer, closed] }].map(count),
    );
    return {
      kind,
      version,
      because: schema.migrations.map(({ because }) => because),
      behind: behind ?? 0,
      unshed: unshed ?? 0,
      newer: allNewer ?? 0,
      unreadable: unreadable ?? 0,
    };
  });
  return await Promise.all(kinds);
}
