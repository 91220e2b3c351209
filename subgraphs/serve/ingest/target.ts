import type { ClientSession, Collection } from 'mongodb';
import { randomBytes, randomUUID } from 'node:crypto';
import { aliasesOf, type AliasRow, indexAliases } from '../../../schema/aliases.ts';
import type { StoredRecord } from '../../../schema/envelope.ts';
import { actorKey, normaliseName } from '../../../schema/keys.ts';
import type { CommunityStore, Link } from '../store.ts';
import { type Prepared, toLinks, toStored } from './label.ts';
import type { RejectReason } from './source.ts';

/** What one batch came to, by place in the batch. */
export type Written = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly refused: readonly {
    readonly at: number;
    readonly reason: RejectReason;
    readonly message: string;
  }[];
};

type Known = Pick<StoredRecord, '_id' | 'contentHash' | 'sortAt' | 'envelope'>;
type Change = {
  readonly kind: string;
  readonly record: StoredRecord;
  readonly links: readonly Link[];
  readonly known: boolean;
};

/**
 * Where an import writes: one community's store. Records and their join rows of a batch go in together, in one
 * transaction, so that a kill at any moment leaves whole batches only and a second run finds what is missing.
 */
export class Target {
  readonly #store: CommunityStore;
  readonly #feed: string;
  readonly #exercise: string | null;

  constructor(store: CommunityStore, feed: string, exercise: string | null) {
    this.#store = store;
    this.#feed = feed;
    this.#exercise = exercise;
  }

  /** Makes the indexes that an import and every list rest on. */
  async prepare(): Promise<void> {
    const models = [this.#store.links, ...this.#store.records.values()];
    for (const model of models) {
      await model.createCollection();
      await model.createIndexes();
    }
  }

  /** Writes what is new or changed of a batch. `receivedAt` is the run's: a record of it met again is a duplicate. */
  async write(batch: readonly Prepared[], receivedAt: Date): Promise<Written> {
    const known = await this.#findKnown(batch.map(({ mapped }) => mapped));
    const refused: { at: number; reason: RejectReason; message: string }[] = [];
    const ids = new Map([...known].map(([place, record]) => [place, record._id]));
    const taken = new Map<string, string>();
    const changes: Change[] = [];
    let unchanged = 0;
    const parents = await this.#findParents(batch, ids);
    for (const [at, prepared] of batch.entries()) {
      const place = placeOf(prepared.mapped);
      const before = known.get(place) ?? null;
      const hash = taken.get(place) ?? before?.contentHash;
      if (hash === prepared.contentHash) unchanged += 1;
      else if (taken.has(place) || before?.envelope.receivedAt.getTime() === receivedAt.getTime()) {
        refused.push({
          at,
          reason: 'DUPLICATE',
          message: 'another record with this id is in the same import',
        });
      } else {
        const change = this.#toChange(prepared, before, ids, parents);
        taken.set(place, prepared.contentHash);
        if (change === null)
          refused.push({ at, reason: 'WRONG_SHAPE', message: 'it belongs to a record that is not there' });
        else changes.push(change);
      }
    }
    if (changes.length > 0) await this.#commit(changes);
    const changed = changes.filter((change) => change.known).length;
    return { added: changes.length - changed, changed, unchanged, refused };
  }

  #toChange(
    prepared: Prepared,
    before: Known | null,
    ids: Map<string, string>,
    parents: ReadonlyMap<string, string>,
  ): Change | null {
    const { kind, names, belongsTo = {} } = prepared.mapped;
    const place = placeOf(prepared.mapped);
    const references = Object.entries(belongsTo).map(([path, parent]) => [
      path,
      ids.get(placeOf(parent)) ?? parents.get(placeOf(parent)),
    ]);
    if (references.some(([, id]) => id === undefined)) return null;
    const referenceIds = Object.fromEntries(references) as Record<string, string>;
    const id = before?._id ?? `${kind}:${randomUUID()}`;
    ids.set(place, id);
    const earlier =
      before === null
        ? null
        : {
            sortAt: before.sortAt,
            version: before.envelope.version,
            onwardShares: before.envelope.onwardShares,
          };
    const record = toStored(prepared, this.#feed, id, earlier, referenceIds);
    return {
      kind,
      record,
      links: toLinks(record, kind, [...names, ...Object.values(referenceIds)]),
      known: before !== null,
    };
  }

  async #commit(changes: readonly Change[]): Promise<void> {
    const session = await this.#store.connection.startSession();
    try {
      await session.withTransaction(async () => await this.#apply(changes, session), {
        writeConcern: { w: 'majority' },
        readConcern: { level: 'snapshot' },
      });
    } finally {
      await session.endSession();
    }
  }

  async #apply(changes: readonly Change[], session: ClientSession): Promise<void> {
    const byKind = Map.groupBy(changes, (change) => change.kind);
    for (const [kind, ofKind] of byKind) {
      await this.#collection(kind).bulkWrite(
        ofKind.map(({ record, known }) =>
          known
            ? { replaceOne: { filter: { _id: record._id }, replacement: record } }
            : { insertOne: { document: record } },
        ),
        { session, ordered: false },
      );
    }
    const links = this.#store.links.collection as unknown as Collection<Link>;
    const replaced = changes.filter((change) => change.known).map((change) => change.record._id);
    if (replaced.length > 0) await links.deleteMany({ record: { $in: replaced } }, { session });
    const rows = changes.flatMap((change) => change.links);
    if (rows.length > 0) await links.insertMany(rows, { session, ordered: false });
  }

  async #findKnown(
    wanted: readonly { readonly kind: string; readonly localId: string }[],
  ): Promise<ReadonlyMap<string, Known>> {
    const byKind = Map.groupBy(wanted, (one) => one.kind);
    const found = await Promise.all(
      [...byKind].map(async ([kind, ones]) => {
        const localIds = [...new Set(ones.map((one) => one.localId))];
        const rows = await this.#collection(kind)
          .find({
            feed: this.#feed,
            'envelope.localId': { $in: localIds },
            'envelope.exercise': this.#exercise,
          })
          .project<Known>({ contentHash: 1, sortAt: 1, envelope: 1 })
          .toArray();
        return rows.map((row): [string, Known] => [placeOf({ kind, localId: row.envelope.localId }), row]);
      }),
    );
    return new Map(found.flat());
  }

  /** Ids of the records outside this batch that its records belong to. */
  async #findParents(
    batch: readonly Prepared[],
    ids: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, string>> {
    const wanted = batch.flatMap(({ mapped }) => Object.values(mapped.belongsTo ?? {}));
    const missing = new Map(wanted.map((one) => [placeOf(one), one]));
    for (const place of ids.keys()) missing.delete(place);
    const found = await this.#findKnown([...missing.values()]);
    return new Map([...found].map(([place, record]) => [place, record._id]));
  }

  #collection(kind: string): Collection<StoredRecord> {
    const model = this.#store.records.get(kind);
    if (model === undefined) throw new Error(`this community has no records of the kind ${kind}`);
    return model.collection as unknown as Collection<StoredRecord>;
  }

  /** Key of the keyed hashes of classified records: a short text could be guessed from a plain one. */
  async spillageKey(): Promise<Buffer> {
    const keys = this.#db().collection<{ _id: string; key: string }>('ingestKeys');
    const key = randomBytes(32).toString('base64');
    await keys.updateOne({ _id: 'spillage' }, { $setOnInsert: { key } }, { upsert: true });
    return Buffer.from((await keys.findOne({ _id: 'spillage' }))?.key ?? key, 'base64');
  }

  /** Keeps that a classified record arrived: when, by which feed, at which place, its keyed hash; never content. */
  async recordSpillage(spillage: object): Promise<void> {
    await this.#db()
      .collection('spillages')
      .insertOne({ ...spillage }, { writeConcern: { w: 'majority' } });
  }

  /** Takes an alias table into the community's reference data; an older version than the one in force is left out. */
  async takeAliases(file: unknown): Promise<void> {
    const { table, version, rows } = aliasesOf(file);
    const versions = this.#db().collection<{ _id: string; version: number }>('aliasVersions');
    if (((await versions.findOne({ _id: table }))?.version ?? -1) >= version) return;
    const aliases = this.#db().collection<AliasRow>('aliases');
    await aliases.bulkWrite(
      rows.map((row) => ({ replaceOne: { filter: { _id: row._id }, replacement: row, upsert: true } })),
    );
    await aliases.deleteMany({ table, _id: { $nin: rows.map((row) => row._id) } });
    await versions.replaceOne({ _id: table }, { version }, { upsert: true });
  }

  /** Resolves an actor's name by the alias table; an unknown or ambiguous one keeps its own key. */
  async loadActors(): Promise<(name: string) => string | null> {
    const byName = indexAliases(await this.#db().collection<AliasRow>('aliases').find().toArray());
    return (name) => {
      const keys = byName.get(normaliseName(name) ?? '') ?? [];
      return keys.length === 1 ? (keys[0] ?? null) : actorKey({ name });
    };
  }

  #db() {
    return this.#store.connection.getClient().db(this.#store.connection.name);
  }
}

function placeOf({ kind, localId }: { readonly kind: string; readonly localId: string }): string {
  return `${kind} ${localId}`;
}
