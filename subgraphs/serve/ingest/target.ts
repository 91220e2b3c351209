import { randomUUID } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { KeyAssigner, KeyPolicy } from '../store/key-assigner.ts';
import type { CommunityStore } from '../store/store.ts';
import { type Alarm, alarmOf, raiseAlarms, raiseForeign } from '../store/alarms.ts';
import { type AliasOutcome, type AliasParts, loadActors, takeAliases } from './aliases.ts';
import { envelopeAfter, type Prepared, toStored } from './prepare.ts';
import { recordsOf, schemaOf } from '../store/collections.ts';
import { createWordIndexes } from '../search/rows.ts';
import { inWriteTransaction, type RecordWrite, retryOvertaken, writeRecords } from '../store/write.ts';
import { resolveAgain } from './resolve-again.ts';
import { findSpillageKey, storeSpillage } from './spillage-store.ts';
import type { Change, Known } from './change.ts';
import { followParents, keepCase, unlistedIn } from './kept-by-hand.ts';
import { Seen } from './formats/seen.ts';
import type { RejectReason } from '../record/reject.ts';
import { compareRevisions, type Revision } from '../record/revision.ts';
import { Editions, ignoreExisting, keyOf, type Of } from './editions.ts';
import {
  documentsOf,
  duplicate,
  foreign,
  isDone,
  isForeign,
  isNewerThan,
  isOlderThan,
  isOpenState,
  newestOf,
  orphan,
  type Placed,
  type Refused,
} from './versions.ts';
import { type Defaults, type Edition, placeOf } from './sources/source.ts';
import { type Gone, Withdrawals } from './withdrawals.ts';

/** The result of one batch. `at` is the index of a refused record in the batch. */
export type Written = {
  readonly added: number;
  readonly changed: number;
  readonly unchanged: number;
  /** Records that were left out, because the store has a newer version. */
  readonly older: number;
  /** Stored records that the source does not have any more. */
  readonly withdrawn: number;
  readonly refused: readonly {
    readonly at: number;
    readonly reason: RejectReason;
    readonly message: string;
  }[];
};

/** The envelope that a record would have in the store, or the reason why it would be rejected. */
export type DryRunResult =
  | { readonly envelope: Envelope }
  | { readonly isOlder: true }
  | { readonly reason: RejectReason; readonly message: string };

/** The number of records that are withdrawn in one transaction. */
const withdrawnAtOnce = 500;

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
export type Sink = Pick<
  Target,
  'write' | 'loadActors' | 'spillageKey' | 'recordSpillage' | 'isOlder' | 'closeEdition'
>;

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
  readonly #editions: Editions;
  readonly #withdrawals: Withdrawals;
  readonly #seen = new Seen();
  /** The records of the current edition: an earlier edition of the same run may have more. */
  #seenInEdition = new Seen();

  constructor(store: CommunityStore, feed: string, exercise: string | null, keyAssigner: KeyAssigner) {
    this.#store = store;
    this.#feed = feed;
    this.#exercise = exercise;
    this.#keyAssigner = keyAssigner;
    this.#editions = new Editions(store, feed, exercise);
    this.#withdrawals = new Withdrawals(store, feed, exercise);
  }

  /** Creates the collections and indexes that imports and lists need. */
  async prepare(): Promise<void> {
    const models = [this.#store.links, ...this.#store.records.values()];
    for (const model of models) {
      await model.createCollection();
      await model.createIndexes();
    }
    for (const name of ['alarms', 'editions'])
      await this.#store.connection.createCollection(name).catch(ignoreExisting);
    await createWordIndexes(this.#store);
  }

  /**
   * Writes the new and changed records of a batch. If an id came before in this run, the same record is skipped, the
   * newer version of two kept, and any other refused as DUPLICATE. A record that was erased here stays erased.
   */
  async write(batch: readonly Prepared[]): Promise<Written> {
    const fresh: Placed[] = [];
    const refused: Refused[] = [];
    let unchanged = 0;
    for (const [at, prepared] of batch.entries()) {
      // A version without a change in this record may lack other records of its document.
      const version = `${prepared.contentHash} ${prepared.mapped.revision?.join('.') ?? ''}`;
      const place = placeOf(prepared.mapped);
      if (prepared.mapped.list !== undefined) this.#seenInEdition.meet(place, '');
      const met = this.#seen.meet(place, version);
      if (met === 'same') unchanged += 1;
      else if (met === 'new' || prepared.mapped.revision !== undefined)
        fresh.push({ at, prepared, isAgain: met === 'other' });
      else refused.push({ at, ...duplicate });
    }
    const newest = newestOf(fresh);
    const written = await retryOvertaken(async () => await this.#writeFresh(newest.kept));
    return {
      ...written,
      unchanged: written.unchanged + unchanged,
      older: written.older + newest.older,
      refused: [...refused, ...newest.refused, ...written.refused],
    };
  }

  /** Returns whether the store has a newer version of a whole list. */
  async isOlder({ document, revision }: Edition, originator: string): Promise<boolean> {
    const [kept] = (await this.#editions.find([{ originator, document }])).values();
    return kept !== undefined && compareRevisions(kept, revision) > 0;
  }

  /**
   * Records that a whole list was imported in this run. Unless `isPartial`, withdraws the stored records of the list
   * that did not occur, and returns their number. A list has records of several originators, but a run with
   * `--originator` withdraws only those of its originator.
   */
  async closeEdition(
    edition: Edition,
    { originator, pinnedOriginator }: Pick<Defaults, 'originator' | 'pinnedOriginator'>,
    isPartial: boolean,
  ): Promise<number> {
    let withdrawn = 0;
    for (const kind of isPartial ? [] : this.#store.records.keys()) {
      const gone: string[] = [];
      const open = recordsOf(this.#store, kind)
        .find({ ...this.#withdrawals.openOf(edition.document, pinnedOriginator) })
        .project<Pick<StoredRecord, '_id' | 'envelope'>>({ 'envelope.localId': 1 });
      for await (const { _id, envelope } of open)
        if (!this.#seenInEdition.has(placeOf({ kind, localId: envelope.localId }))) gone.push(_id);
      for (let from = 0; from < gone.length; from += withdrawnAtOnce) {
        const ids = gone.slice(from, from + withdrawnAtOnce);
        withdrawn += await retryOvertaken(async () => await this.#withdraw(kind, ids, edition.revision));
      }
    }
    this.#seenInEdition = new Seen();
    await this.#editions.keep([{ originator, ...edition }]);
    return withdrawn;
  }

  /** Returns the result that writing a batch would have now. Writes nothing. */
  async dryRun(batch: readonly Prepared[]): Promise<readonly DryRunResult[]> {
    const known = await this.#findKnown(batch.map(({ mapped }) => mapped));
    const { current } = await this.#leaveOutOlder(
      batch.map((prepared, at) => ({ at, prepared, isAgain: false })),
    );
    const isCurrent = new Set(current.map(({ at }) => at));
    return batch.map((prepared, at) => {
      if (!isCurrent.has(at)) return { isOlder: true as const };
      const before = known.get(placeOf(prepared.mapped)) ?? null;
      if (before === null) return { envelope: prepared.envelope };
      if (isForeign(before, prepared)) return foreign;
      if (isOlderThan(before, prepared)) return { isOlder: true as const };
      const isErased = before.envelope.recordState === 'ERASED';
      return { envelope: isErased ? before.envelope : envelopeAfter(prepared, before) };
    });
  }

  async #writeFresh(fresh: readonly Placed[]): Promise<Written> {
    const keyPolicy = await this.#keyAssigner.current();
    const { current, older } = await this.#leaveOutOlder(fresh);
    const known = await this.#findKnown(current.map(({ prepared }) => prepared.mapped));
    const ids = new Map([...known].map(([place, record]) => [place, record._id]));
    const parents = new Map([...(await this.#findParents(current, ids)), ...known]);
    const count = { unchanged: 0, older };
    const refused: Refused[] = [];
    const changes: Change[] = [];
    const gone: Gone[] = [];
    const claimed: string[] = [];
    for (const { at, prepared, isAgain } of current) {
      const { mapped } = prepared;
      const before = known.get(placeOf(mapped)) ?? null;
      if (before !== null && isForeign(before, prepared)) {
        claimed.push(before._id);
        refused.push({ at, ...foreign });
      } else if (before !== null && isOlderThan(before, prepared)) count.older += 1;
      else if (mapped.withdrawn !== true && before !== null && isDone(before, prepared, keyPolicy.version))
        count.unchanged += 1;
      else if (before !== null && isAgain && !isNewerThan(before, prepared))
        refused.push({ at, ...duplicate });
      else if (mapped.withdrawn === true) {
        if (before !== null && isOpenState(before.envelope))
          gone.push({ kind: mapped.kind, id: before._id, revision: mapped.revision });
      } else {
        const change = this.#toChange(prepared, before, ids, parents, keyPolicy);
        if (change === null) refused.push({ at, ...orphan });
        else changes.push(change);
      }
    }
    if (claimed.length > 0) await raiseForeign(this.#store, claimed, new Date());
    const tombs = [
      ...(await this.#withdrawals.tombstones(gone, keyPolicy)),
      ...(await this.#withdrawals.missingParts(current, new Set(gone.map(({ id }) => id)), keyPolicy)),
    ];
    const isRefused = new Set(refused.map(({ at }) => at));
    const documents = documentsOf(current.filter(({ at }) => !isRefused.has(at)));
    if (changes.length + tombs.length + documents.length > 0)
      await this.#commit([...changes, ...tombs], documents, keyPolicy);
    const changed = changes.filter((change) => change.before !== null).length;
    return { added: changes.length - changed, changed, ...count, withdrawn: tombs.length, refused };
  }

  /** Leaves out the records of documents of which the store or the batch has a newer version. */
  async #leaveOutOlder(fresh: readonly Placed[]): Promise<{ current: readonly Placed[]; older: number }> {
    const documents = documentsOf(fresh);
    const kept = await this.#editions.find(documents);
    const inBatch = new Map(documents.map((one) => [keyOf(one), one.revision]));
    const current = fresh.filter(({ prepared: { mapped, envelope } }) => {
      const { document, revision } = mapped;
      if (document === undefined || revision === undefined) return true;
      const key = keyOf({ originator: envelope.originator, document: document.id });
      return [kept.get(key), inBatch.get(key)].every(
        (newest) => newest === undefined || compareRevisions(newest, revision) <= 0,
      );
    });
    return { current, older: fresh.length - current.length };
  }

  async #withdraw(kind: string, ids: readonly string[], revision: Revision): Promise<number> {
    const keyPolicy = await this.#keyAssigner.current();
    const tombs = await this.#withdrawals.tombstones(
      ids.map((id) => ({ kind, id, revision })),
      keyPolicy,
    );
    await this.#commit(tombs, [], keyPolicy);
    return tombs.length;
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
    const schema = schemaOf(this.#store, kind);
    const record = toStored(prepared, this.#feed, id, before, referenceIds, keyPolicy, schema);
    // A list under the parent record would disclose a reference that has its own marking.
    const marked = new Set(record.envelope.portions.map(({ path }) => path));
    const listed = references.flatMap(([path, parent]) =>
      marked.has(path.split('.', 1)[0] ?? '') ? [] : [parent],
    );
    return { kind, record, before, keys: [...names, ...listed], unlisted: unlistedIn(record, schema) };
  }

  async #commit(
    changes: readonly Change[],
    documents: readonly (Of & { readonly revision: Revision })[],
    keyPolicy: KeyPolicy,
  ): Promise<void> {
    await inWriteTransaction(this.#store, this.#keyAssigner, durable, async (session) => {
      if (changes.length > 0) {
        const writes = changes.map(toRecordWrite);
        await writeRecords(this.#store, writes, { session, keyPolicy, now: new Date() });
      }
      await this.#editions.keep(documents, session);
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

  /** Returns the key for hashes of classified records. */
  async spillageKey(): Promise<Buffer> {
    return await findSpillageKey(this.#db());
  }

  /** Stores that a classified record arrived. */
  async recordSpillage(spillage: object): Promise<void> {
    await storeSpillage(this.#db(), spillage);
  }

  /** Writes an alias table to the community's reference data, and resolves the actors of stored records again. */
  async takeAliases(
    parts: AliasParts,
    report: (records: number) => void = () => undefined,
  ): Promise<AliasOutcome> {
    return await takeAliases(this.#db(), parts, this.#exercise, async (changes) => {
      for (const change of changes) await resolveAgain(this.#store, this.#keyAssigner, change, report);
    });
  }

  /**
   * Returns a function that resolves an actor's name by the alias tables. Unknown and ambiguous names become their
   * own key.
   */
  async loadActors(): Promise<(name: string) => string | null> {
    return await loadActors(this.#db(), this.#exercise);
  }

  #db() {
    return this.#store.connection.getClient().db(this.#store.connection.name);
  }
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
