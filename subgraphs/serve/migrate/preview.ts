import type { CommunityStore } from '../store/store.ts';
import { recordsOf } from '../store/collections.ts';
import { migratedKinds } from './migrate.ts';
import { isBehind, hasOldFields } from './migrate-range.ts';

/** The effect that a migration would have on the documents of one kind. */
export type KindPreview = {
  readonly kind: string;
  readonly version: number;
  readonly because: readonly string[];
  /** Documents that would be migrated. */
  readonly behind: number;
  /** Documents of the current version with fields of older versions, which `--contract` would remove. */
  readonly unshed: number;
  /** Documents that are newer than this program. */
  readonly newer: number;
  /** Newer documents that this program cannot read, and leaves out. */
  readonly unreadable: number;
};

/** Counts the documents that a migration would change, by their stored `schemaVersion`. Writes nothing. */
export async function previewMigration(store: CommunityStore): Promise<readonly KindPreview[]> {
  const kinds = migratedKinds(store).map(async (schema): Promise<KindPreview> => {
    const { type: kind, current: version } = schema;
    const count = async (filter: object) => await recordsOf(store, kind).countDocuments(filter);
    const newer = { schemaVersion: { $gt: version } };
    const closed = { $or: [{ readableFrom: { $gt: version } }, { readableFrom: null }] };
    const [behind, unshed, allNewer, unreadable] = await Promise.all(
      [isBehind(schema), hasOldFields(schema), newer, { $and: [newer, closed] }].map(count),
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
