import { type GraphQLSchema, isObjectType } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import { isForAnyone } from '../../../schema/policy/decide/access-keys.ts';
import type { ReaderAccess, Policy } from '../../../schema/policy/decide/policy.ts';
import { memberStateKey, organisationKey } from '../../../schema/record/keys.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf, namedIn } from '../record/contract.ts';
import { bearsClassification } from '../record/classification.ts';
import type { KeyAssigner } from '../store/key-assigner.ts';
import { type Content, isOfState, type Said } from '../record/content.ts';
import { undatedSortAt } from '../record/date-in.ts';
import { schemaOf } from '../store/collections.ts';
import { isCaseKey } from '../store/links.ts';
import type { CommunityStore } from '../store/store.ts';
import { settleContent, type TakenContent } from '../record/take-content.ts';
import { type Made, type Outcome, writeOnce } from './write-once.ts';
import { isSame, isWider, loosened, type Reading, type ReadingInput, readingOf } from './reading.ts';
import type { Finder } from './find-record.ts';
import { checkContent, refuseRemoved } from './check-content.ts';
import { hiddenIn, itemsIn, keepHidden, keepHiddenPortions } from './keep-hidden.ts';
import { newEnvelope, nextEnvelope } from './envelopes.ts';
import { findRefused, mayNotChange, mayNotCreate } from './not-allowed.ts';
import { notFound, Refused } from './refused.ts';

/** The most characters of the reason of a retraction. */
const maxReason = 2000;

type Keyed = { readonly key: string };
type OnRecord = Keyed & { readonly id: string; readonly expectedVersion: number };
export type CreateInput = Keyed & { readonly content: Content; readonly reading: ReadingInput };
export type ChangeInput = OnRecord & { readonly content: Content };
export type MarkInput = OnRecord & { readonly reading: ReadingInput };
export type LinkInput = OnRecord & { readonly case?: string | null };
export type AssessInput = OnRecord & { readonly impact: string };
export type RetractInput = OnRecord & { readonly reason: string };

/** The dependencies of one request's changes. */
export type ChangeParts = {
  readonly community: Community;
  readonly kinds: readonly Kind[];
  readonly store: CommunityStore;
  readonly policy: Policy;
  /** Gives access keys to the records that are written. */
  readonly keyAssigner: KeyAssigner;
  readonly readerAccess: ReaderAccess;
  /** Raises the alarm for classified content. The message has none of it. */
  readonly alarm: (message: string) => void;
};

/**
 * The changes that one reader makes in one community's store. The policy decides each on the stored record. A change
 * names the version that it is based on, and is executed once for each idempotency key of its subject.
 */
export class Changes {
  readonly #parts: ChangeParts;
  readonly #schema: GraphQLSchema;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
    this.#schema = contractOf(parts.community);
  }

  /** Creates a record. Its originator is the reader's organisation. */
  async create(type: string, input: CreateInput): Promise<Outcome> {
    const kind = this.#kind(type);
    return await this.#once(input, 'create', async () => {
      const taken = await this.#take(kind, input.content);
      checkContent(this.#schema, kind, taken.content);
      const envelope = newEnvelope(this.#parts, kind, taken.content, this.#readingOf(kind, input.reading));
      const refused = findRefused(this.#parts, 'create', kind.type, envelope, taken.content);
      if (refused !== null) throw mayNotCreate(this.#parts, refused.access, envelope, refused.path);
      const { content } = taken;
      // The order of a list would disclose the marked field.
      const sortAt = isMarked(envelope, kind.sortBy) ? null : taken.sortAt;
      const id = `${type}:${randomUUID()}`;
      const made = { kind, before: null, id, envelope, content, sortAt, keeps: () => false };
      return await Promise.resolve({ ...made, ...this.#named(kind, envelope, content) });
    });
  }

  /** Changes fields of the content. Fields that are left out, or that the reader may not see, keep their values. */
  async update(type: string, input: ChangeInput): Promise<Outcome> {
    const kind = this.#kind(type);
    return await this.#once(input, 'update', async (find) => {
      refuseRemoved(this.#schema, kind, input.content);
      const before = await this.#found(kind, input, 'change', find);
      const taken = await this.#take(kind, input.content);
      const old = before.content as Content;
      const hidden = hiddenIn(this.#parts, kind, before, this.#fieldsOf(kind));
      // A null changes nothing in a hidden field, so its answer must not depend on the stored value.
      const seen = Object.fromEntries(Object.entries(old).filter(([name]) => !hidden.has(name)));
      const refused = findRefused(this.#parts, 'change', kind.type, before.envelope, taken.content, seen);
      if (refused !== null) throw mayNotChange(this.#parts, refused.access, before.envelope, refused.path);
      const content = keepHidden(this.#parts, kind, before, { ...old, ...taken.content });
      checkContent(this.#schema, kind, content, hidden);
      const derived = kind.says?.(content) ?? {};
      if (!isSame(derived, storedFacts(before.envelope, derived)) && !this.#mayWiden(kind, before.envelope))
        throw new Refused(
          'NOT_ALLOWED',
          ['content'],
          'only its originator changes the fields that decide who may read it',
        );
      const envelope = {
        ...nextEnvelope(before, this.#parts.readerAccess.now),
        ...derived,
        contentByHand: true as const,
      };
      return this.#remade(kind, before, envelope, content, () => false);
    });
  }

  /**
   * Replaces marking and audience. The action `mark-up` permits stricter ones; only the originator may widen any
   * scale. A stricter reading is joined to everything that belongs to the record.
   */
  async mark(input: MarkInput): Promise<Outcome> {
    return await this.#once(input, 'mark', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'mark-up', find);
      const { envelope: old } = before;
      const reading = keepHiddenPortions(this.#parts, kind, old, this.#readingOf(kind, input.reading));
      if (isMarked(reading, kind.sortBy) && !isMarked(old, kind.sortBy))
        throw new Refused(
          'INVALID',
          ['reading', 'portions'],
          `lists are sorted by ${kind.sortBy}, so their order would disclose it: mark the whole record instead`,
        );
      const wider = isWider(old, reading, this.#isOpen(kind, old)) && !this.#mayWiden(kind, old);
      const parts = loosened(old, reading).map(({ marking, audience }) => ({ ...old, marking, audience }));
      if (wider || !parts.every((part) => this.#mayWiden(kind, part)))
        throw new Refused(
          'NOT_ALLOWED',
          ['reading'],
          'only its originator lowers the marking of a record or widens its audience',
        );
      const envelope = {
        ...nextEnvelope(before, this.#parts.readerAccess.now),
        ...reading,
        readingByHand: true as const,
      };
      const made = this.#remade(kind, before, envelope, before.content as Content, () => true);
      // Records that belong to it follow the marking. A mark that opens the record opens nothing else.
      return isWider(reading, old, false) ? { ...made, covers: this.#covering(reading) } : made;
    });
  }

  /** Sets the joint case that the record belongs to, or removes it. A case that the reader may not see stays. */
  async link(input: LinkInput): Promise<Outcome> {
    return await this.#once(input, 'link', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'change', find);
      if (!this.#fieldsOf(kind).has('case'))
        throw new Refused('INVALID', ['id'], 'records of this kind cannot belong to a joint case');
      const key = input.case === null || input.case === undefined ? null : sharedKey('JointCase', input.case);
      if (input.case && key === null)
        throw new Refused('INVALID', ['case'], 'expected a key of JointCase, such as JointCase:JC-2026-0007');
      const old = before.content as Content;
      // As in an update, a field that the reader may not see keeps its value.
      if (Object.hasOwn(keepHidden(this.#parts, kind, before, {}), 'case'))
        return this.#remade(
          kind,
          before,
          nextEnvelope(before, this.#parts.readerAccess.now),
          old,
          () => true,
        );
      const content = { ...old, case: key };
      const envelope = {
        ...nextEnvelope(before, this.#parts.readerAccess.now),
        contentByHand: true as const,
        caseByHand: true as const,
      };
      return this.#remade(kind, before, envelope, content, (one) => !isCaseKey(one));
    });
  }

  /**
   * Sets the assessment of the reader's organisation for its own Member State. The assessments of other states and of
   * other organisations stay.
   */
  async assess(type: string, input: AssessInput): Promise<Outcome> {
    const kind = this.#kind(type);
    const { itemsOfState: items } = kind;
    const { memberState, organisation } = this.#parts.readerAccess.reader;
    if (items === undefined) throw new Error(`expected a kind with items of Member States, got ${type}`);
    return await this.#once(input, 'assess', async (find) => {
      const group = this.#parts.policy.coordinates.placeOf(type, items.field)?.group ?? '';
      const before = await this.#found(kind, input, 'change', find, group);
      const old = before.content as Content;
      const by = organisationKey(organisation);
      const others = itemsIn(old, items.field).filter(
        (item) => !isOfState(item, items.state, memberState) || item[items.organisation] !== by,
      );
      const own = {
        [items.state]: memberStateKey(memberState ?? ''),
        impact: input.impact,
        [items.organisation]: by,
      };
      const content = { ...old, [items.field]: [...others, own] };
      const envelope = {
        ...nextEnvelope(before, this.#parts.readerAccess.now),
        contentByHand: true as const,
      };
      return this.#remade(kind, before, envelope, content, () => true);
    });
  }

  /** Marks the record as retracted, for the reason that its readers see. It stays stored. */
  async retract(input: RetractInput): Promise<Outcome> {
    return await this.#once(input, 'retract', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'change', find);
      const retractionReason = reasonIn(input);
      const envelope: Envelope = {
        ...nextEnvelope(before, this.#parts.readerAccess.now),
        recordState: 'RETRACTED',
        retractionReason,
      };
      return this.#remade(kind, before, envelope, before.content as Content, () => true);
    });
  }

  /** Executes a change once for its idempotency key. Refused becomes the outcome. */
  async #once(input: Keyed, what: string, make: (find: Finder) => Promise<Made>): Promise<Outcome> {
    const { community, store, keyAssigner, readerAccess } = this.#parts;
    try {
      if (input.key === '' || input.key.length > 200)
        throw new Refused('INVALID', ['key'], 'expected a key of 1 to 200 characters');
      await this.#refuseClassified(input);
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
  async #found(
    kind: Kind,
    { id, expectedVersion }: OnRecord,
    action: Action,
    find: Finder,
    group = 'content',
  ): Promise<StoredRecord> {
    const { policy, readerAccess } = this.#parts;
    const envelope = await find.envelope(kind, id);
    if (envelope === null || !policy.may(readerAccess, action, kind.type, group, envelope)) throw notFound();
    // A reader who may not see the record must not learn its version, or that it was retracted.
    if (policy.decideRow(envelope, kind.type, readerAccess) === null) throw notFound();
    const { version, recordState } = envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED')
      throw new Refused('CLOSED', ['id'], 'the record was retracted or erased');
    if (version !== expectedVersion)
      throw new Refused('STALE_VERSION', ['expectedVersion'], 'the record was changed since: read it again');
    const record = await find.record(kind, id);
    if (record === null) throw notFound();
    return record;
  }

  #mayOn(action: Action, kind: Kind, envelope: Envelope): boolean {
    return this.#parts.policy.may(this.#parts.readerAccess, action, kind.type, 'content', envelope);
  }

  /** Returns whether the reader may lower the marking and release, which only the originator may. */
  #mayWiden(kind: Kind, envelope: Envelope): boolean {
    return this.#mayOn('mark-down', kind, envelope) && this.#mayOn('release', kind, envelope);
  }

  #covering(reading: Reading): NonNullable<Made['covers']> {
    const { policy, readerAccess } = this.#parts;
    return {
      reading,
      isVisible: (envelope, type) => policy.decideRow(envelope, type, readerAccess) !== null,
    };
  }

  /** Returns whether every reader may read the record now. A new name in the audience then admits nobody new. */
  #isOpen(kind: Kind, envelope: Envelope): boolean {
    const { policy, readerAccess } = this.#parts;
    const { admits, early } = policy.admittedKeys(envelope, kind.type);
    const isOver = envelope.embargoUntil === null || envelope.embargoUntil <= readerAccess.now;
    return (isOver ? admits : early).some(isForAnyone);
  }

  async #take(kind: Kind, given: Content): Promise<TakenContent> {
    const taken = await Promise.resolve(settleContent(this.#schema, kind, given, { resolveActor: byName }));
    if ('content' in taken) return taken;
    const [first] = taken;
    throw new Refused('INVALID', ['content', ...(first?.path ?? [])], first?.message ?? 'content');
  }

  /** Returns the reading of an input, with portions for the fields of every document version. */
  #readingOf(kind: Kind, input: ReadingInput): Reading {
    const reading = readingOf(input, this.#fieldsOf(kind));
    const schema = schemaOf(this.#parts.store, kind.type);
    return { ...reading, portions: schema.portionsToStore(reading.portions) };
  }

  #remade(
    kind: Kind,
    before: StoredRecord,
    envelope: Envelope,
    content: Content,
    keeps: Made['keeps'],
  ): Made {
    const { names, unlisted } = this.#named(kind, envelope, content);
    const former = { sortAt: before.sortAt, content: before.content as Content };
    const sortAt = undatedSortAt(envelope.receivedAt, former, kind.sortBy);
    // Rows of other records stay: imports also write rows that no field of the content names.
    const left = namedIn(this.#schema, kind, former.content, []).records.filter((id) => !names.includes(id));
    const made = { kind, before, id: before._id, envelope, content, sortAt, keeps };
    return { ...made, names, unlisted: new Set([...unlisted, ...left]) };
  }

  #named(kind: Kind, { portions }: Envelope, content: Content): Pick<Made, 'names' | 'unlisted'> {
    const { names, records, unlisted } = namedIn(this.#schema, kind, content, portions);
    return { names: [...names, ...records], unlisted };
  }

  #kind(type: string): Kind {
    const kind = this.#parts.kinds.find((one) => one.type === type);
    if (kind === undefined) throw new Error(`expected a kind of record of this community, got ${type}`);
    return kind;
  }

  #kindOf(id: string): Kind {
    const kind = this.#parts.kinds.find(({ type }) => id.startsWith(`${type}:`));
    if (kind === undefined) throw notFound();
    return kind;
  }

  #fieldsOf(kind: Kind): ReadonlySet<string> {
    const type = this.#schema.getType(kind.type);
    const names = isObjectType(type) ? Object.keys(type.getFields()) : [];
    return new Set(names.filter((name) => name !== 'id' && name !== 'envelope'));
  }

  /** Refuses classified content: stores and quotes none of it, and raises the alarm. */
  async #refuseClassified(input: object): Promise<void> {
    if (!bearsClassification(input)) return;
    this.#parts.alarm('SPILLAGE: classified content was submitted in a change. None of it was stored.');
    const spillage = {
      at: this.#parts.readerAccess.now,
      feed: 'by-hand',
      organisation: this.#parts.readerAccess.reader.organisation,
    };
    await this.#parts.store.connection.collection('spillages').insertOne(spillage);
    throw new Refused(
      'INVALID',
      [],
      'this hub does not accept classified information: inform your security authority',
    );
  }
}

/** Manual changes do not resolve aliases. An unresolved name becomes its own key. */
function byName(name: string): string | null {
  return sharedKey('ThreatActor', name);
}

function reasonIn({ reason }: RetractInput): string {
  const text = reason.trim();
  if (text === '' || text.length > maxReason)
    throw new Refused('INVALID', ['reason'], `expected 1 to ${maxReason} characters, got ${text.length}`);
  return text;
}

function isMarked({ portions }: Pick<Envelope, 'portions'>, field: string | undefined): boolean {
  return portions.some(({ path }) => path === field);
}

/** Returns the facts of the envelope that the content decides. */
function storedFacts(envelope: Envelope, derived: Said): Said {
  return {
    ...(derived.states === undefined ? {} : { states: envelope.states ?? { own: [], told: [] } }),
    ...(derived.facts === undefined ? {} : { facts: envelope.facts ?? {} }),
  };
}
