import type { Collection } from 'mongodb';
import type { Model } from 'mongoose';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import type { SchemaVersions } from '../record/schema-versions.ts';
import { noticesIn } from '../workflow/notices.ts';
import { partiesIn, type PartyRow } from '../workflow/parties.ts';
import type { Link } from './links.ts';
import type { CommunityStore } from './store.ts';

/** Returns the driver's collection of a kind. Throws for a kind that the community does not have. */
export function recordsOf(store: Pick<CommunityStore, 'records'>, kind: string): Collection<StoredRecord> {
  return modelOf(store, kind).collection as unknown as Collection<StoredRecord>;
}

/** Returns the driver's collection of the join rows. */
export function linksOf(store: Pick<CommunityStore, 'links'>): Collection<Link> {
  return store.links.collection as unknown as Collection<Link>;
}

/** Returns the collections with rows on records of a kind that a workflow changes: each row has its record's access keys. */
export function partyRowsOf(
  store: Pick<CommunityStore, 'connection' | 'schemas'>,
  kind: string,
): readonly Collection<PartyRow>[] {
  const all = [partiesIn(store), noticesIn(store)] as unknown as readonly Collection<PartyRow>[];
  return schemaOf(store, kind).hasMoves ? all : [];
}

/** Returns the mongoose model of a kind. Throws for a kind that the community does not have. */
export function modelOf({ records }: Pick<CommunityStore, 'records'>, kind: string): Model<StoredRecord> {
  return records.get(kind) ?? refuseKind(kind);
}

/** Returns the document versions of a kind. Throws for a kind that the community does not have. */
export function schemaOf({ schemas }: Pick<CommunityStore, 'schemas'>, kind: string): SchemaVersions {
  return schemas.get(kind) ?? refuseKind(kind);
}

function refuseKind(kind: string): never {
  throw new Error(`expected a kind of record of this community, got ${kind}`);
}
