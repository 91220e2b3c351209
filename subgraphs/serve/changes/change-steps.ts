import { type GraphQLSchema, isObjectType } from 'graphql';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import { isForAnyone } from '../../../schema/policy/decide/access-keys.ts';
import type { ReaderAccess, Policy } from '../../../schema/policy/decide/policy.ts';
import type { Member } from '../../../schema/protocol/members.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf, namedIn } from '../record/contract.ts';
import { bearsClassification } from '../record/classification.ts';
import type { KeyAssigner } from '../store/key-assigner.ts';
import type { Content } from '../record/content.ts';
import { undatedSortAt } from '../record/date-in.ts';
import { schemaOf } from '../store/collections.ts';
import type { CommunityStore } from '../store/store.ts';
import { settleContent, type TakenContent } from '../record/take-content.ts';
import { type Made, type Make, type Outcome, writeOnce } from './write-once.ts';
import { type Reading, type ReadingInput, readingOf } from './reading.ts';
import type { Finder } from './find-record.ts';
import { notFound, Refused } from './refused.ts';

/** A change with the key that its client chose. */
export type Keyed = { readonly key: string };
/** A change of a stored record. */
export type OnRecord = Keyed & { readonly id: string; readonly expectedVersion: number };

/** The dependencies of one request's changes. */
export type ChangeParts = {
  readonly community: Community;
  readonly kinds: readonly Kind[];
  readonly store: CommunityStore;
  readonly policy: Policy;
  /** Gives access keys to the records that are written. */
  readonly keyAssigner: KeyAssigner;
  readonly readerAccess: ReaderAccess;
  /** The persons of a release whom the hub states as members of an organisation. */
  readonly members?: readonly Member[];
  /** Raises the alarm for classified content. The message has none of it. */
  readonly alarm: (message: string) => void;
};

/** The steps that changes by hand and moves of workflows share: find the record, take content, write once. */
export class ChangeSteps {
  protected readonly parts: ChangeParts;
  protected readonly schema: GraphQLSchema;

  constructor(parts: ChangeParts) {
    this.parts = parts;
    this.schema = contractOf(parts.community);
  }

  /** Executes a change once for its idempotency key. Refused becomes the outcome. */
  protected async once(input: Keyed, what: string, make: Make): Promise<Outcome> {
    const { community, store, keyAssigner, readerAccess } = this.parts;
    try {
      if (input.key === '' || input.key.length > 200)
        throw new Refused('INVALID', ['key'], 'expected a key of 1 to 200 characters');
      await this.refuseClassified(input);
      return await writeOnce({ store, keyAssigner, readerAccess, community, input, what }, make);
    } catch (error) {
      if (error instanceof Refused)
        return { id: null, version: null, alsoMarked: [], userErrors: error.errors };
      throw error;
    }
  }

  /**
   * Returns the record to change. Throws Refused unless it exists, this reader may change it, and the version
   * matches. Its content is loaded last.
   */
  protected async found(
    kind: Kind,
    { id, expectedVersion }: OnRecord,
    action: Action,
    find: Finder,
    group = 'content',
  ): Promise<StoredRecord> {
    const { version } = await this.admitted(kind, id, action, find, group);
    if (version !== expectedVersion) throw staleVersion();
    return await loaded(kind, id, find);
  }

  /** Returns the envelope of a record on which this reader may take the action. Throws Refused for any other. */
  protected async admitted(
    kind: Kind,
    id: string,
    action: Action,
    find: Finder,
    group = 'content',
  ): Promise<Envelope> {
    const { policy, readerAccess } = this.parts;
    const envelope = await find.envelope(kind, id);
    if (envelope === null || !policy.may(readerAccess, action, kind.type, group, envelope)) throw notFound();
    // A reader who may not see the record must not learn its version, or that it was retracted.
    if (policy.decideRow(envelope, kind.type, readerAccess) === null) throw notFound();
    const { recordState } = envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED')
      throw new Refused('CLOSED', ['id'], 'the record was retracted or erased');
    return envelope;
  }

  /**
   * Returns a record that the reader may read, whatever else the reader may do with it. A retracted one stays readable for its
   * readers, so sharing of it can be ended.
   */
  protected async readable(
    kind: Kind,
    { id, expectedVersion }: OnRecord,
    find: Finder,
    states: 'open' | 'retracted too' = 'open',
  ): Promise<StoredRecord> {
    const { policy, readerAccess } = this.parts;
    const envelope = await find.envelope(kind, id);
    if (envelope === null || policy.decideRow(envelope, kind.type, readerAccess) === null) throw notFound();
    const { recordState, version } = envelope;
    if (recordState === 'ERASED' || (recordState === 'RETRACTED' && states === 'open'))
      throw new Refused('CLOSED', ['id'], 'the record was retracted or erased');
    if (version !== expectedVersion) throw staleVersion();
    return await loaded(kind, id, find);
  }

  protected mayOn(action: Action, kind: Kind, envelope: Envelope): boolean {
    return this.parts.policy.may(this.parts.readerAccess, action, kind.type, 'content', envelope);
  }

  /** Returns whether the reader may lower the marking and release, which only the originator may. */
  protected mayWiden(kind: Kind, envelope: Envelope): boolean {
    return this.mayOn('mark-down', kind, envelope) && this.mayOn('release', kind, envelope);
  }

  protected covering(reading: Reading): NonNullable<Made['covers']> {
    const { policy, readerAccess } = this.parts;
    return {
      reading,
      isVisible: (envelope, type) => policy.decideRow(envelope, type, readerAccess) !== null,
    };
  }

  /** Returns whether every reader may read the record now. A new name in the audience then admits nobody new. */
  protected isOpen(kind: Kind, envelope: Envelope): boolean {
    const { policy, readerAccess } = this.parts;
    const { admits, early } = policy.admittedKeys(envelope, kind.type);
    const isOver = envelope.embargoUntil === null || envelope.embargoUntil <= readerAccess.now;
    return (isOver ? admits : early).some(isForAnyone);
  }

  protected async take(kind: Kind, given: Content): Promise<TakenContent> {
    const taken = await Promise.resolve(settleContent(this.schema, kind, given, { resolveActor: byName }));
    if ('content' in taken) return taken;
    const [first] = taken;
    throw new Refused('INVALID', ['content', ...(first?.path ?? [])], first?.message ?? 'content');
  }

  /** Returns the reading of an input, with portions for the fields of every document version. */
  protected readingOf(kind: Kind, input: ReadingInput): Reading {
    const reading = readingOf(input, this.fieldsOf(kind));
    const schema = schemaOf(this.parts.store, kind.type);
    return { ...reading, portions: schema.portionsToStore(reading.portions) };
  }

  protected remade(
    kind: Kind,
    before: StoredRecord,
    envelope: Envelope,
    content: Content,
    keeps: Made['keeps'],
  ): Made {
    const { names, unlisted } = this.named(kind, envelope, content);
    const former = { sortAt: before.sortAt, content: before.content as Content };
    const sortAt = undatedSortAt(envelope.receivedAt, former, kind.sortBy);
    // Rows of other records stay: imports also write rows that no field of the content names.
    const left = namedIn(this.schema, kind, former.content, []).records.filter((id) => !names.includes(id));
    const made = { kind, before, id: before._id, envelope, content, sortAt, keeps };
    return { ...made, names, unlisted: new Set([...unlisted, ...left]) };
  }

  protected named(kind: Kind, { portions }: Envelope, content: Content): Pick<Made, 'names' | 'unlisted'> {
    const { names, records, unlisted } = namedIn(this.schema, kind, content, portions);
    return { names: [...names, ...records], unlisted };
  }

  protected kind(type: string): Kind {
    const kind = this.parts.kinds.find((one) => one.type === type);
    if (kind === undefined) throw new Error(`expected a kind of record of this community, got ${type}`);
    return kind;
  }

  protected kindOf(id: string): Kind {
    const kind = this.parts.kinds.find(({ type }) => id.startsWith(`${type}:`));
    if (kind === undefined) throw notFound();
    return kind;
  }

  protected fieldsOf(kind: Kind): ReadonlySet<string> {
    const type = this.schema.getType(kind.type);
    const names = isObjectType(type) ? Object.keys(type.getFields()) : [];
    return new Set(names.filter((name) => name !== 'id' && name !== 'envelope'));
  }

  /** Refuses classified content: stores and quotes none of it, and raises the alarm. */
  protected async refuseClassified(input: object): Promise<void> {
    if (!bearsClassification(input)) return;
    this.parts.alarm('SPILLAGE: classified content was submitted in a change. None of it was stored.');
    const spillage = {
      at: this.parts.readerAccess.now,
      feed: 'by-hand',
      organisation: this.parts.readerAccess.reader.organisation,
    };
    await this.parts.store.connection.collection('spillages').insertOne(spillage);
    throw new Refused(
      'INVALID',
      [],
      'this hub does not accept classified information: inform your security authority',
    );
  }
}

/** Returns the whole record. Throws Refused if this program cannot read it. */
export async function loaded(kind: Kind, id: string, find: Finder): Promise<StoredRecord> {
  const record = await find.record(kind, id);
  if (record === null) throw notFound();
  return record;
}

/** Returns the error of a change that is based on an older version. */
export function staleVersion(): Refused {
  return new Refused('STALE_VERSION', ['expectedVersion'], 'the record was changed since: read it again');
}

/** Manual changes do not resolve aliases. An unresolved name becomes its own key. */
function byName(name: string): string | null {
  return sharedKey('ThreatActor', name);
}
