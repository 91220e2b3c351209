import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { importAliases } from '../../../gateway/registry/import-aliases.ts';
import type { StoredRecord } from '../../../schema/record/envelope.ts';
import { readPolicy } from '../../../schema/policy/decide/load.ts';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import { communities, type Community } from '../../../schema/record/vocabulary.ts';
import type { StoreName } from '../../../docker/trial/stores/stores.ts';
import type { CommunityPart } from '../../../subgraphs/serve/graph/community.ts';
import type { Kind } from '../../../subgraphs/serve/kind.ts';
import { toStored } from '../../../subgraphs/serve/ingest/prepare.ts';
import { toLinks } from '../../../subgraphs/serve/store/links.ts';
import { Target } from '../../../subgraphs/serve/ingest/target.ts';
import { SchemaVersions } from '../../../subgraphs/serve/record/schema-versions.ts';
import { assignKeysBy } from '../../../subgraphs/serve/store/key-assigner.ts';
import { openStore } from '../../../subgraphs/serve/store/store.ts';
import type { Link } from '../../../subgraphs/serve/store/links.ts';
import { parts } from '../../../docker/trial/parts.ts';
import { logProgress } from '../place.ts';
import { Chance, uuidOf } from './chance.ts';
import { envelopeOf } from './markings.ts';
import { type Generated, generated } from './records.ts';
import { galaxyOf, receivedAt, type World } from './world.ts';

const batch = 2000;
const inFlight = 4;

/**
 * Fills every store with generated records and their join rows, each as an import would write it, and the hub's
 * registry with their actors' names. The models' own indexes are made at the end, which is ten times as fast.
 */
export async function fillStores(uris: Readonly<Record<StoreName, string>>, world: World): Promise<void> {
  await withDb(uris.hub, async (db) => void (await importAliases(db, galaxyOf(world), receivedAt)));
  for (const name of communities) await fillStore(uris[name], name, world, readPolicy());
}

/** Fills one community's store with records and their access keys under a policy. */
export async function fillStore(uri: string, name: Community, world: World, policy: Policy): Promise<void> {
  const indexes = await indexesOf(uri, parts[name], policy);
  await withDb(uri, async (db) => {
    for (const collection of indexes.keys()) await db.collection(collection).dropIndexes();
    for (const kind of generated.filter((one) => one.community === name))
      await fillKind(db, kind, world, policy);
    for (const [collection, specs] of indexes) {
      logProgress(`${name}: indexes of ${collection}`);
      await db.collection(collection).createIndexes([...specs]);
    }
  });
}

/** Creates the collections and indexes of a community's models, and reads them from its empty store. */
async function indexesOf(
  uri: string,
  part: CommunityPart,
  policy: Policy,
): Promise<ReadonlyMap<string, readonly IndexSpec[]>> {
  const store = openStore(uri, part.kinds, () => undefined);
  try {
    await store.connection.asPromise();
    await new Target(store, 'generated', null, assignKeysBy(policy)).prepare();
    const models = [store.links, ...store.records.values()];
    const found = models.map(async ({ collection }): Promise<[string, readonly IndexSpec[]]> => {
      const all = (await collection.indexes()) as FoundIndex[];
      const own = all.filter(({ name }) => name !== '_id_');
      return [collection.name, own.map(toSpec)];
    });
    return new Map(await Promise.all(found));
  } finally {
    await store.connection.close();
  }
}

type FoundIndex = Omit<IndexSpec, 'unique'> & { readonly unique?: boolean };
type IndexSpec = {
  readonly key: Record<string, 1 | -1>;
  readonly name: string;
  readonly unique: boolean;
  readonly partialFilterExpression?: Document;
};

function toSpec({ key, name, unique, partialFilterExpression: partial }: FoundIndex): IndexSpec {
  return {
    key,
    name,
    unique: unique ?? false,
    ...(partial !== undefined && { partialFilterExpression: partial }),
  };
}

async function fillKind(db: Db, kind: Generated, world: World, policy: Policy): Promise<void> {
  const records = db.collection<StoredRecord>(partOf(kind).collection);
  const links = db.collection<Link>('links');
  const count = Math.round(world.records * kind.share);
  const writing = new Set<Promise<void>>();
  for (let from = 0; from < count; from += batch) {
    const made = makeBatch(kind, from, Math.min(batch, count - from), world, policy);
    const written = Promise.all([insert(records, made.records), insert(links, made.links)]).then(
      () => void writing.delete(written),
    );
    writing.add(written);
    if (writing.size >= inFlight) await Promise.race(writing);
    if (from % 100_000 === 0) logProgress(`${kind.community}: ${kind.kind} ${from} of ${count}`);
  }
  await Promise.all(writing);
}

function makeBatch(kind: Generated, from: number, size: number, world: World, policy: Policy) {
  const records: StoredRecord[] = [];
  const links: Link[] = [];
  const schema = new SchemaVersions(partOf(kind));
  const seed = generated.indexOf(kind) * 100_000_007;
  for (let at = from; at < from + size; at += 1) {
    const chance = new Chance(seed + at);
    const { content, names, sortAt, guarded } = kind.make(at, chance, world);
    const mix = guarded ? 'guarded' : 'mixed';
    const envelope = envelopeOf(`generated-${at}`, kind.community, mix, receivedAt, chance);
    const mapped = { kind: kind.kind, localId: envelope.localId, content, sortAt, names };
    const prepared = { mapped, envelope, contentHash: uuidOf(`${kind.kind} hash ${at}`), sortAt };
    const id = `${kind.kind}:${uuidOf(`${kind.kind} ${at}`)}`;
    const record = toStored(prepared, 'generated', id, null, {}, policy, schema);
    records.push(record);
    links.push(...toLinks(record, kind.kind, names));
  }
  return { records, links };
}

async function insert<Row extends Document>(
  collection: Collection<Row>,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length > 0) await collection.insertMany(rows as never, { ordered: false });
}

function partOf({ community, kind }: Generated): Kind {
  const found = parts[community].kinds.find(({ type }) => type === kind);
  if (found === undefined) throw new Error(`${community} has no kind ${kind}`);
  return found;
}

async function withDb(uri: string, use: (db: Db) => Promise<void>): Promise<void> {
  const client = new MongoClient(uri, { writeConcern: { w: 1, journal: false }, maxPoolSize: 8 });
  try {
    await use(client.db());
  } finally {
    await client.close();
  }
}
