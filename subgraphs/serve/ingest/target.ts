import { randomBytes, randomUUID } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import { communities } from '../../../schema/record/vocabulary.ts';
import { contractOf, namedIn } from '../record/contract.ts';
import type { KeyAssigner, KeyPolicy } from '../store/key-assigner.ts';
import type { Content } from '../record/content.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Alarm, alarmOf, raiseAlarms, raiseForeign } from '../store/alarms.ts';
import { type AliasOutcome, type AliasParts, loadActors, takeAliases } from './aliases.ts';
import { envelopeAfter, type Prepared, toStored } from './prepare.ts';
import { joinReading, type OfRecord } from '../record/join-reading.ts';
import { isCaseKey } from '../store/links.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import { inWriteTransaction, type RecordWrite, retryOvertaken, writeRecords } from '../store/write.ts';
import { Seen } from './formats/seen.ts';
import type { RejectReason } from '../record/reject.ts';

/** The result of one batch. `at` is the index of a refused record in the batch. */
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

type Known = Pick<StoredRecord, '_id' | 'contentHash' | 'sortAt' | 'envelope' | 'policy'> & {
  readonly content?: Readonly<Record<string, unknown>> & { readonly case?: string | null };
};
type Change = Omit<RecordWrite, 'before'> & { readonly before: Known | null };

/** The envelope that a record would have in the store, or the reason why it would be rejected. */
export type DryRunResult =
  { readonly envelope: Envelope } | { readonly reason: RejectReason; readonly message: string };

type Placed = { readonly at: number; readonly prepared: Prepared };

/**
 * A batch waits for another process's open transaction, such as that of an import that was killed a moment ago. The
 * server ends such a transaction after 60 s (transactionLifetimeLimitSeconds).
 */
const durable = {
  ms: 110_000,
  writeConcern: { w: 'majority' },
  readConcern: { level: 'snapshot' },
} as const;

/** The part of a target that an import uses. */
export type Sink = Pick<Target, 'write' | 'loadActors' | 'spillageKey' | 'recordSpillage'>;

/**
 * Writes an import into one community's store. The records and join rows of a batch are written in one transaction,
 * so a kill leaves whole batches only, and a second run adds the rest. Use one target per run: it remembers the ids
 * it met.
 */
export class Target {
  readonly #store: CommunityStore;
  readonly #feed: string;
  readonly #exercise: string | null;
  readonly #keyAssigner: KeyAssigner;
  readonly #seen = new Seen();

  constructor(store: CommunityStore, feed: string, exercise: string | null, keyAssigner: KeyAssigner) {
    this.#store = store;
    this.#feed = feed;
    this.#exercise = exercise;
    this.#keyAssigner = keyAssigner;
  }

  /** Creates the collections and indexes that imports and lists need. */
  async prepare(): Promise<void> {
    const models = [this.#store.links, ...this.#store.records.values()];
    for (const model of models) {
      await model.createCollection();
      await model.createIndexes();
    }
    await this.#store.connection.createCollection('alarms').catch(ignoreExisting);
  }

  /**
   * Writes the new and changed records of a batch. If an id came before in this run, the same record is skipped and a
   * different one refused as DUPLICATE. A record that was erased here stays erased.
   */
  async write(batch: readonly Prepared[]): Promise<Written> {
    const fresh: Placed[] = [];
    const refused: { at: number; reason: RejectReason; message: string }[] = [];
    let unchanged = 0;
    for (const [at, prepared] of batch.entries()) {
      const met = this.#seen.meet(placeOf(prepared.mapped), prepared.contentHash);
      if (met === 'new') fresh.push({ at, prepared });
      else if (met === 'same') unchanged += 1;
      else
        refused.push({
          at,
          reason: 'DUPLICATE',
          message: 'a different record with this id came earlier in this import',
        });
    }
    const written = await retryOvertaken(async () => await this.#writeFresh(fresh));
    return {
      ...written,
      unchanged: written.unchanged + unchanged,
      refused: [...refused, ...written.refused],
    };
  }

  /** Returns the result that writing a batch would have now. Writes nothing. */
  async dryRun(batch: readonly Prepared[]): Promise<readonly DryRunResult[]> {
    const known = await this.#findKnown(batch.map(({ mapped }) => mapped));
    return batch.map((prepared) => {
      const before = known.get(placeOf(prepared.mapped)) ?? null;
      if (before === null) return { envelope: prepared.envelope };
      if (isForeign(before, prepared)) return foreign;
      const isErased = before.envelope.recordState === 'ERASED';
      return { envelope: isErased ? before.envelope : envelopeAfter(prepared, before) };
    });
  }

  async #writeFresh(fresh: readonly Placed[]): Promise<Written> {
    const keyPolicy = await this.#keyAssigner.current();
    const known = await this.#findKnown(fresh.map(({ prepared }) => prepared.mapped));
    const ids = new Map([...known].map(([place, record]) => [place, record._id]));
    const others = await this.#findParents(fresh, ids);
    const parents = new Map([...others, ...known]);
    const refused: { at: number; reason: RejectReason; message: string }[] = [];
    const changes: Change[] = [];
    const claimed: string[] = [];
    for (const { at, prepared } of fresh) {
      const before = known.get(placeOf(prepared.mapped)) ?? null;
      if (before !== null && isForeign(before, prepared)) {
        claimed.push(before._id);
        refused.push({ at, ...foreign });
        continue;
      }
      if (before !== null && isDone(before, prepared, keyPolicy.version)) continue;
      const change = this.#toChange(prepared, before, ids, parents, keyPolicy);
      if (change !== null) changes.push(change);
      else refused.push({ at, reason: 'WRONG_SHAPE', message: 'it belongs to a record that does not exist' });
    }
    if (claimed.length > 0) await raiseForeign(this.#store, claimed, new Date());
    if (changes.length > 0) await this.#commit(changes, keyPolicy);
    const changed = changes.filter((change) => change.before !== null).length;
    const unchanged = fresh.length - changes.length - refused.length;
    return { added: changes.length - changed, changed, unchanged, refused };
  }

  #toChange(
    mapped: Prepared,
    before: Known | null,
    ids: Map<string, string>,
    parents: ReadonlyMap<string, Known>,
    keyPolicy: KeyPolicy,
  ): Change | null {
    const prepared = followParents(keepCase(mapped, before), parents);
    const { kind, names, belongsTo = {} } = prepared.mapped;
    const references: [string, string][] = [];
    for (const [path, parent] of Object.entries(belongsTo)) {
      const found = ids.get(placeOf(parent)) ?? parents.get(placeOf(parent))?._id;
      if (found === undefined) return null;
      references.push([path, found]);
    }
    const referenceIds = Object.fromEntries(references);
    const id = before?._id ?? `${kind}:${randomUUID()}`;
    ids.set(placeOf(prepared.mapped), id);
    const record = toStored(
      prepared,
      this.#feed,
      id,
      before,
      referenceIds,
      keyPolicy,
      schemaOf(this.#store, kind),
    );
    // A list under the parent record would disclose a reference that has its own marking.
    const marked = new Set(record.envelope.portions.map(({ path }) => path));
    const listed = references.flatMap(([path, parent]) =>
      marked.has(path.split('.', 1)[0] ?? '') ? [] : [parent],
    );
    return { kind, record, before, keys: [...names, ...listed], unlisted: unlistedIn(record, kind) };
  }

  async #commit(changes: readonly Change[], keyPolicy: KeyPolicy): Promise<void> {
    await inWriteTransaction(this.#store, this.#keyAssigner, durable, async (session) => {
      await writeRecords(this.#store, changes.map(toRecordWrite), session);
      const alarms = changes.flatMap((change) => alarmOn(change, keyPolicy) ?? []);
      await raiseAlarms(this.#store, alarms, session);
    });
  }

  async #findKnown(
    wanted: readonly { readonly kind: string; readonly localId: string }[],
  ): Promise<ReadonlyMap<string, Known>> {
    const byKind = Map.groupBy(wanted, (one) => one.kind);
    const found = await Promise.all(
      [...byKind].map(async ([kind, ones]) => {
        const localIds = [...new Set(ones.map((one) => one.localId))];
        const { sortBy } = schemaOf(this.#store, kind);
        const rows = await recordsOf(this.#store, kind)
          .find({
            feed: this.#feed,
            'envelope.localId': { $in: localIds },
            'envelope.exercise': this.#exercise,
          })
          .project<Known>({
            contentHash: 1,
            sortAt: 1,
            envelope: 1,
            policy: 1,
            'content.case': 1,
            ...(sortBy === undefined ? {} : { [`content.${sortBy}`]: 1 }),
          })
          .toArray();
        return rows.map((row): [string, Known] => [placeOf({ kind, localId: row.envelope.localId }), row]);
      }),
    );
    return new Map(found.flat());
  }

  /** Returns the stored records outside this batch that its records belong to. */
  async #findParents(
    fresh: readonly Placed[],
    ids: ReadonlyMap<string, string>,
  ): Promise<ReadonlyMap<string, Known>> {
    const wanted = fresh.flatMap(({ prepared }) => Object.values(prepared.mapped.belongsTo ?? {}));
    const missing = new Map(wanted.map((one) => [placeOf(one), one]));
    for (const place of ids.keys()) missing.delete(place);
    return await this.#findKnown([...missing.values()]);
  }

  /** Returns the key for hashes of classified records. A plain hash of a short text could be reversed by guessing. */
  async spillageKey(): Promise<Buffer> {
    const keys = this.#db().collection<{ _id: string; key: string }>('ingestKeys');
    const key = randomBytes(32).toString('base64');
    await keys.updateOne({ _id: 'spillage' }, { $setOnInsert: { key } }, { upsert: true });
    return Buffer.from((await keys.findOne({ _id: 'spillage' }))?.key ?? key, 'base64');
  }

  /** Stores that a classified record arrived: time, feed, position and keyed hash; never its content. */
  async recordSpillage(spillage: object): Promise<void> {
    await this.#db()
      .collection('spillages')
      .insertOne({ ...spillage }, { writeConcern: { w: 'majority' } });
  }

  /** Writes an alias table to the community's reference data. */
  async takeAliases(parts: AliasParts): Promise<AliasOutcome> {
    return await takeAliases(this.#db(), parts);
  }

  /**
   * Returns a function that resolves an actor's name by the alias tables. Unknown and ambiguous names become their
   * own key.
   */
  async loadActors(): Promise<(name: string) => string | null> {
    return await loadActors(this.#db());
  }

  #db() {
    return this.#store.connection.getClient().db(this.#store.connection.name);
  }
}

/**
 * Returns whether there is nothing to write: the record is unchanged and has the keys of the newest policy version,
 * or it was erased, which no import undoes.
 */
function isDone(before: Known, prepared: Prepared, policy: string): boolean {
  // Content that was changed by hand is replaced only by a changed record of the source, not by the same one again.
  const hasNewestKeys = before.policy === policy || before.envelope.contentByHand === true;
  const isSame = before.contentHash === prepared.contentHash && hasNewestKeys;
  return isSame || before.envelope.recordState === 'ERASED';
}

/** Keeps the joint case that was set by hand, and its join row. */
function keepCase(prepared: Prepared, before: Known | null): Prepared {
  if (before?.envelope.caseByHand !== true) return prepared;
  const { mapped } = prepared;
  const key = before.content?.case ?? null;
  const others = mapped.names.filter((name) => !isCaseKey(name));
  const names = key === null ? others : [...others, key];
  return { ...prepared, mapped: { ...mapped, names, content: { ...mapped.content, case: key } } };
}

/** Gives a record the stricter reading of the records that it belongs to, where those were marked by hand. */
function followParents(prepared: Prepared, parents: ReadonlyMap<string, Known>): Prepared {
  const { belongsTo = {} } = prepared.mapped;
  const marked = Object.values(belongsTo).flatMap((parent) => {
    const { envelope } = parents.get(placeOf(parent)) ?? {};
    return envelope?.readingByHand === true ? [envelope] : [];
  });
  if (marked.length === 0) return prepared;
  const reading = marked.reduce<OfRecord>(joinReading, prepared.envelope);
  const { marking, audience, purposes, embargoUntil } = reading;
  return { ...prepared, envelope: { ...prepared.envelope, marking, audience, purposes, embargoUntil } };
}

/** Returns whether a record has the id of another originator's record. It would otherwise replace that record. */
function isForeign(before: Known, { envelope }: Prepared): boolean {
  return before.envelope.originator !== envelope.originator;
}

const foreign: { readonly reason: RejectReason; readonly message: string } = {
  reason: 'FOREIGN_RECORD',
  message:
    "another organisation's record of this feed has this id: import it with that originator, or give it another id",
};

/**
 * Returns the keys that only portions name which were marked by hand. The feed names these keys again, and a list under
 * them would disclose the portion. Mappings already omit the keys of portions that the feed itself marks.
 */
function unlistedIn({ envelope, content }: StoredRecord, kind: string): ReadonlySet<string> {
  const { readingByHand, portions, custodian } = envelope;
  if (readingByHand !== true || portions.length === 0) return new Set();
  const community = communities.find((one) => one === custodian);
  if (community === undefined) throw new Error(`expected a community as custodian, got ${custodian}`);
  return namedIn(contractOf(community), { type: kind }, content as Content, portions).unlisted;
}

/** Returns the alarm for a record that admits fewer readers than before; null if it does not. */
function alarmOn({ kind, record, before }: Change, keyPolicy: KeyPolicy): Alarm | null {
  if (before === null) return null;
  const { admits } = keyPolicy.admittedKeys(before.envelope, kind);
  const after = keyPolicy.admittedKeys(record.envelope, kind).admits;
  return alarmOf(record._id, { admits, since: before.envelope.receivedAt }, after, new Date());
}

function toRecordWrite({ before, ...write }: Change): RecordWrite {
  return { ...write, before: before?.envelope ?? null };
}

function placeOf({ kind, localId }: { readonly kind: string; readonly localId: string }): string {
  return `${kind} ${localId}`;
}

function ignoreExisting(error: unknown): void {
  const exists = 48;
  if ((error as { code?: unknown }).code !== exists) throw error;
}
