import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import type { Content } from '../record/content.ts';
import { contractOf, mapReferences } from '../record/contract.ts';
import { linksOf, recordsOf, schemaOf } from '../store/collections.ts';
import type { KeyAssigner } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { rewrite } from './rewrite.ts';
import { inWriteTransaction, type RecordWrite, retryOvertaken, writeRecords } from '../store/write.ts';

/** Resolves an actor's name by the alias tables. */
export type Resolve = (name: string) => string | null;
/**
 * A change of the alias tables, for the records of some pictures. `after` resolves names by the tables after the change.
 * `before` has a function for each state of the tables that stored records can have keys from: the tables in force, and
 * those that an interrupted import wrote.
 */
export type ResolveChange = {
  /** The picture whose tables resolve the names: an exercise, or null for the real picture. */
  readonly picture: string | null;
  /** Returns whether the change applies to records of an exercise, or of the real picture (null). */
  readonly isOf: (exercise: string | null) => boolean;
  readonly before: readonly Resolve[];
  readonly after: Resolve;
};
/** The keys of actors that records have, with the keys that replace them. */
type Renames = ReadonlyMap<string, string>;

const unresolved = 'ThreatActor:name:';
const atOnce = 500;
const durable = {
  ms: 110_000,
  writeConcern: { w: 'majority' },
  readConcern: { level: 'snapshot' },
} as const;

/**
 * Resolves the actors of stored records again after a change of the alias tables: names that were unknown, and names that
 * now belong to another actor. `report` gets the number of records that were written so far. Returns their number. It can
 * be interrupted and repeated.
 */
export async function resolveAgain(
  store: CommunityStore,
  keyAssigner: KeyAssigner,
  change: ResolveChange,
  report: (records: number) => void = () => undefined,
): Promise<number> {
  const groups = store.records.has('AttackGroup') ? await groupsKnownByAliases(store, change) : [];
  const open = groups.filter(({ isOpen }) => isOpen).flatMap(({ renames }) => [...renames]);
  const known = new Map([...open, ...(await renamesOfUnknown(store, change.after))]);
  let written = 0;
  for (const kind of store.records.keys()) {
    const own = kind === 'AttackGroup' ? groups : [];
    const named = await recordsNaming(store, kind, [...known.keys()]);
    const moved = await recordsOfMoved(store, kind, change);
    const all = joinRenames([...own, ...named.map((id) => ({ id, renames: known })), ...moved]);
    for (let from = 0; from < all.length; from += atOnce) {
      written += await rename(store, keyAssigner, kind, all.slice(from, from + atOnce), change);
      report(written);
    }
  }
  return written;
}

/** Returns the keys that stand for a name alone, and whose name is known now. */
async function renamesOfUnknown(store: CommunityStore, after: Resolve): Promise<Renames> {
  const renames = new Map<string, string>();
  const pattern = { key: { $gte: unresolved, $lt: `${unresolved}\uffff` } };
  const keys = linksOf(store).aggregate<{ _id: string }>([{ $match: pattern }, { $group: { _id: '$key' } }]);
  for await (const { _id: key } of keys) {
    const found = after(key.slice(unresolved.length));
    if (found !== null && found !== key) renames.set(key, found);
  }
  return renames;
}

/**
 * Returns the groups whose name is unknown, but whose aliases belong to one known actor. `isOpen` is set if the aliases
 * decide about other records too: a marked alias must not, since its effect on them would disclose it.
 */
async function groupsKnownByAliases(
  store: CommunityStore,
  { picture, after }: ResolveChange,
): Promise<readonly (Renamed & { readonly isOpen: boolean })[]> {
  type Group = StoredRecord<{ readonly actor: string; readonly aliases?: readonly string[] }>;
  const known: (Renamed & { readonly isOpen: boolean })[] = [];
  const groups = recordsOf(store, 'AttackGroup')
    .find({ 'content.actor': { $gte: unresolved, $lt: `${unresolved}\uffff` } } as object)
    .project<Group>({ envelope: 1, 'content.actor': 1, 'content.aliases': 1 });
  for await (const { _id: id, envelope, content } of groups) {
    const keys = (content.aliases ?? []).flatMap((alias) => after(alias) ?? []);
    const [only, ...others] = new Set(keys.filter((key) => !key.startsWith(unresolved)));
    if (only === undefined || others.length > 0) continue;
    const isOfPicture = envelope.exercise === null || envelope.exercise === picture;
    known.push({
      id,
      renames: new Map([[content.actor, only]]),
      isOpen: isOfPicture && isUnmarked(envelope),
    });
  }
  return known;
}

/** Returns whether everybody may read the names of a group. */
function isUnmarked({ marking, audience, embargoUntil, portions, recordState }: Envelope): boolean {
  const { tlp, extraRestrictions, handlingCodes, distribution } = marking;
  return (
    recordState === 'ACTIVE' &&
    tlp === 'CLEAR' &&
    extraRestrictions.length === 0 &&
    handlingCodes.length === 0 &&
    distribution === 'NONE' &&
    audience.reach === 'ANYONE' &&
    embargoUntil === null &&
    !portions.some(({ path }) => ['aliases', 'actor', 'name'].includes(path.split('.', 1)[0] ?? ''))
  );
}

/** Joins the renames of each record. Later ones take precedence. */
function joinRenames(some: readonly Renamed[]): readonly Renamed[] {
  return [...Map.groupBy(some, ({ id }) => id)].map(([id, ones]) => ({
    id,
    renames: new Map(ones.flatMap(({ renames }) => [...renames])),
  }));
}

async function recordsNaming(
  store: CommunityStore,
  kind: string,
  keys: readonly string[],
): Promise<readonly string[]> {
  const ids = new Set<string>();
  for (let from = 0; from < keys.length; from += atOnce) {
    const some = { key: { $in: keys.slice(from, from + atOnce) }, kind };
    for await (const { record } of linksOf(store).find(some).project<{ record: string }>({ record: 1 }))
      ids.add(record);
  }
  return [...ids];
}

type Renamed = { readonly id: string; readonly renames: Renames };

/** Returns the records with a name that belonged to one actor and now belongs to another. */
async function recordsOfMoved(
  store: CommunityStore,
  kind: string,
  { isOf, before, after }: ResolveChange,
): Promise<readonly Renamed[]> {
  const moved: Renamed[] = [];
  const named = recordsOf(store, kind)
    .find({ 'envelope.actorNames.0': { $exists: true } } as object)
    .project<Pick<StoredRecord, '_id' | 'envelope'>>({ 'envelope.actorNames': 1, 'envelope.exercise': 1 });
  for await (const { _id: id, envelope } of named) {
    if (!isOf(envelope.exercise)) continue;
    const byKey = Map.groupBy(envelope.actorNames ?? [], ({ key }) => key);
    const renames = [...byKey].flatMap(([key, ones]): [string, string][] => {
      const had = ones.some(({ name }) => before.some((resolve) => resolve(name) === key));
      const found = new Set(ones.map(({ name }) => after(name)));
      const [only] = found;
      // A name that still belongs to the actor decides.
      return had && !found.has(key) && found.size === 1 && only ? [[key, only]] : [];
    });
    if (renames.length > 0) moved.push({ id, renames: new Map(renames) });
  }
  return moved;
}

/** Replaces the keys of actors in some records and their join rows, in one transaction. */
async function rename(
  store: CommunityStore,
  keyAssigner: KeyAssigner,
  kind: string,
  some: readonly Renamed[],
  { isOf }: Pick<ResolveChange, 'isOf'>,
): Promise<number> {
  return await retryOvertaken(async () => {
    const keyPolicy = await keyAssigner.current();
    const renamesOf = new Map(some.map(({ id, renames }) => [id, renames]));
    const ids = [...renamesOf.keys()];
    const found = await recordsOf(store, kind)
      .find({ _id: { $in: ids } })
      .toArray();
    const records = found.filter(({ envelope }) => isOf(envelope.exercise));
    const rows = await linksOf(store)
      .find({ record: { $in: ids } })
      .toArray();
    const keysOf = Map.groupBy(rows, ({ record }) => record);
    const writes = records.flatMap((record): readonly RecordWrite[] => {
      const renames = renamesOf.get(record._id) ?? new Map<string, string>();
      const change = (before: StoredRecord) => renamed(before, kind, renames);
      const next = rewrite(kind, record, change, keyPolicy, schemaOf(store, kind));
      if (next === null) return [];
      const keys = (keysOf.get(record._id) ?? []).map(({ key }) => renames.get(key) ?? key);
      return [{ kind, record: next, before: record.envelope, keys, unlisted: new Set() }];
    });
    if (writes.length > 0)
      await inWriteTransaction(store, keyAssigner, durable, async (session) => {
        await writeRecords(store, writes, { session, keyPolicy, now: new Date() });
      });
    return writes.length;
  });
}

function renamed(record: StoredRecord, kind: string, renames: Renames) {
  const { envelope } = record;
  const community = communities.find((one) => one === envelope.custodian);
  if (community === undefined)
    throw new Error(`expected a community as custodian, got ${envelope.custodian}`);
  const content = mapReferences(
    contractOf(community),
    kind,
    record.content as Content,
    ({ text }) => renames.get(text) ?? text,
  );
  const names = [...(envelope.actorNames ?? [])].map(({ name, key }) => ({
    name,
    key: renames.get(key) ?? key,
  }));
  const resolved = [...renames].flatMap(([old, key]) =>
    old.startsWith(unresolved) ? [{ name: old.slice(unresolved.length), key }] : [],
  );
  const present = JSON.stringify(content);
  const actorNames = [...names, ...resolved.filter(({ key }) => present.includes(key))];
  return { content, envelope: { ...envelope, version: envelope.version + 1, actorNames } };
}
