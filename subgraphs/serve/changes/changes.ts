import { type GraphQLSchema, isObjectType } from 'graphql';
import { randomUUID } from 'node:crypto';
import type { Envelope, StoredRecord } from '../../../schema/record/envelope.ts';
import type { Action } from '../../../schema/policy/language/domain.ts';
import { isForAnyone } from '../../../schema/policy/decide/access-keys.ts';
import type { ReaderAccess, Policy } from '../../../schema/policy/decide/policy.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import type { Community } from '../../../schema/record/vocabulary.ts';
import type { Kind } from '../kind.ts';
import { contractOf, namedIn, type Named } from '../record/contract.ts';
import { bearsClassification } from '../record/classification.ts';
import type { KeyAssigner } from '../store/key-assigner.ts';
import type { Content, Said } from '../record/content.ts';
import { schemaOf } from '../store/collections.ts';
import { isCaseKey } from '../store/links.ts';
import type { CommunityStore } from '../store/store.ts';
import { settleContent, type TakenContent } from '../record/take-content.ts';
import { type Made, type Outcome, writeOnce } from './write-once.ts';
import { isSame, isWider, loosened, type Reading, type ReadingInput, readingOf } from './reading.ts';
import { notFound, Refused } from './refused.ts';

type Keyed = { readonly key: string };
type OnRecord = Keyed & { readonly id: string; readonly expectedVersion: number };
export type CreateInput = Keyed & { readonly content: Content; readonly reading: ReadingInput };
export type ChangeInput = OnRecord & { readonly content: Content };
export type MarkInput = OnRecord & { readonly reading: ReadingInput };
export type LinkInput = OnRecord & { readonly case?: string | null };
export type RetractInput = OnRecord & { readonly reason: string };

/** What changes of one request need. */
export type ChangeParts = {
  readonly community: Community;
  readonly kinds: readonly Kind[];
  readonly store: CommunityStore;
  readonly policy: Policy;
  /** Labels what is written, by every version that rows are found by. */
  readonly keyAssigner: KeyAssigner;
  readonly readerAccess: ReaderAccess;
  /** Raises the alarm for classified content, in words without any of it. */
  readonly alarm: (words: string) => void;
};

/**
 * Every change that one reader makes by hand in one community's store. Each is decided on the record itself, rests on
 * the version that it names, and is made once for each key of its subject, however often it is sent.
 */
export class Changes {
  readonly #parts: ChangeParts;
  readonly #schema: GraphQLSchema;

  constructor(parts: ChangeParts) {
    this.#parts = parts;
    this.#schema = contractOf(parts.community);
  }

  /** A new record; its originator is the organisation of whoever makes it. */
  async create(type: string, input: CreateInput): Promise<Outcome> {
    const kind = this.#kind(type);
    return await this.#once(input, 'create', async () => {
      const taken = await this.#take(kind, input.content);
      const envelope = this.#newEnvelope(kind, taken, input.reading);
      if (!this.#may('create', kind, envelope, taken.content))
        throw new Refused('NOT_ALLOWED', [], 'you may not create such a record here');
      const { content } = taken;
      // A list's order would say what a part says.
      const sortAt = isMarked(envelope, kind.sortBy) ? null : taken.sortAt;
      const id = `${type}:${randomUUID()}`;
      const made = { kind, before: null, id, envelope, content, sortAt, keeps: () => false };
      return await Promise.resolve({ ...made, ...this.#named(kind, envelope, content) });
    });
  }

  /** Other content; what of the record is hidden from whoever changes it stays as it was. */
  async update(type: string, input: ChangeInput): Promise<Outcome> {
    const kind = this.#kind(type);
    return await this.#once(input, 'update', async (find) => {
      const before = await this.#found(kind, input, 'change', find);
      const taken = await this.#take(kind, input.content);
      const content = this.#keepHidden(kind, before, taken.content);
      if (!this.#may('change', kind, before.envelope, taken.content)) throw notFound();
      const said = kind.says?.(content) ?? {};
      if (!isSame(said, saidBy(before.envelope, said)) && !this.#mayWiden(kind, before.envelope))
        throw new Refused(
          'NOT_ALLOWED',
          ['content'],
          'what it says decides who may read it: that is its originator’s',
        );
      const envelope = { ...this.#next(before), ...said, contentByHand: true as const };
      return this.#remade(kind, before, envelope, content, () => false);
    });
  }

  /** Another marking and audience: up by those who may mark up, wider in any scale by the originator alone. */
  async mark(input: MarkInput): Promise<Outcome> {
    return await this.#once(input, 'mark', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'mark-up', find);
      const { envelope: old } = before;
      const reading = this.#keepHiddenParts(kind, old, this.#readingOf(kind, input.reading));
      if (isMarked(reading, kind.sortBy) && !isMarked(old, kind.sortBy))
        throw new Refused(
          'INVALID',
          ['reading', 'portions'],
          `lists are sorted by ${kind.sortBy}, which would tell it: mark the record instead`,
        );
      const wider = isWider(old, reading, this.#isOpen(kind, old)) && !this.#mayWiden(kind, old);
      const parts = loosened(old, reading).map(({ marking, audience }) => ({ ...old, marking, audience }));
      if (wider || !parts.every((part) => this.#mayWiden(kind, part)))
        throw new Refused('NOT_ALLOWED', ['reading'], 'only its originator marks a record down or widens it');
      const envelope = { ...this.#next(before), ...reading, readingByHand: true as const };
      return this.#remade(kind, before, envelope, before.content as Content, () => true);
    });
  }

  /** The joint case that the record belongs to, or none. */
  async link(input: LinkInput): Promise<Outcome> {
    return await this.#once(input, 'link', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'change', find);
      if (!this.#fieldsOf(kind).has('case'))
        throw new Refused('INVALID', ['id'], 'records of this kind belong to no joint case');
      const key = input.case === null || input.case === undefined ? null : sharedKey('JointCase', input.case);
      if (input.case && key === null)
        throw new Refused('INVALID', ['case'], 'expected a key of JointCase, such as JointCase:JC-2026-0007');
      const content = { ...(before.content as Content), case: key };
      const envelope = { ...this.#next(before), contentByHand: true as const, caseByHand: true as const };
      return this.#remade(kind, before, envelope, content, (one) => !isCaseKey(one));
    });
  }

  /** The record stays, said to be retracted. */
  async retract(input: RetractInput): Promise<Outcome> {
    return await this.#once(input, 'retract', async (find) => {
      const kind = this.#kindOf(input.id);
      const before = await this.#found(kind, input, 'change', find);
      const envelope: Envelope = { ...this.#next(before), recordState: 'RETRACTED' };
      return this.#remade(kind, before, envelope, before.content as Content, () => true);
    });
  }

  /** Runs a change once for its key. What it throws as Refused becomes its outcome. */
  async #once(
    input: Keyed,
    what: string,
    make: (find: (kind: Kind, id: string) => Promise<StoredRecord | null>) => Promise<Made>,
  ): Promise<Outcome> {
    const { community, store, keyAssigner, readerAccess } = this.#parts;
    try {
      if (input.key === '' || input.key.length > 200)
        throw new Refused('INVALID', ['key'], 'expected a key of 1 to 200 characters');
      await this.#refuseClassified(input);
      return await writeOnce({ store, keyAssigner, readerAccess, community, input, what }, make);
    } catch (error) {
      if (error instanceof Refused) return { id: null, version: null, userErrors: error.errors };
      throw error;
    }
  }

  /** The record to change: there, of this community, changeable by this reader, and as the reader knows it. */
  async #found(
    kind: Kind,
    { id, expectedVersion }: OnRecord,
    action: Action,
    find: (kind: Kind, id: string) => Promise<StoredRecord | null>,
  ): Promise<StoredRecord> {
    const record = await find(kind, id);
    if (record === null || !this.#mayOn(action, kind, record.envelope)) throw notFound();
    const { policy, readerAccess } = this.#parts;
    // Who may not see it is told nothing of it: neither its version nor that it was retracted.
    if (policy.decideRow(record.envelope, kind.type, readerAccess) === null) throw notFound();
    const { version, recordState } = record.envelope;
    if (recordState === 'RETRACTED' || recordState === 'ERASED')
      throw new Refused('CLOSED', ['id'], 'it was retracted or erased');
    if (version !== expectedVersion)
      throw new Refused('STALE_VERSION', ['expectedVersion'], 'it was changed since: read it again');
    return record;
  }

  #mayOn(action: Action, kind: Kind, envelope: Envelope): boolean {
    return this.#parts.policy.may(this.#parts.readerAccess, action, kind.type, 'content', envelope);
  }

  /** Marking down and releasing are the originator's. */
  #mayWiden(kind: Kind, envelope: Envelope): boolean {
    return this.#mayOn('mark-down', kind, envelope) && this.#mayOn('release', kind, envelope);
  }

  /** Whether everybody may read it at this moment: whoever is named then was admitted before. */
  #isOpen(kind: Kind, envelope: Envelope): boolean {
    const { policy, readerAccess } = this.#parts;
    const { admits, early } = policy.admittedKeys(envelope, kind.type);
    const isOver = envelope.embargoUntil === null || envelope.embargoUntil <= readerAccess.now;
    return (isOver ? admits : early).some(isForAnyone);
  }

  /** Parts that the reader cannot see stay marked as they are, whatever is said of their fields. */
  #keepHiddenParts(kind: Kind, old: Envelope, reading: Reading): Reading {
    const { policy, readerAccess } = this.#parts;
    const hidden = policy.decideRow(old, kind.type, readerAccess)?.hidden ?? new Set();
    const kept = old.portions.filter(({ path }) => hidden.has(path));
    return { ...reading, portions: [...kept, ...reading.portions] };
  }

  /** Whether the reader may do this to the record and to each group of fields that the content gives. */
  #may(action: Action, kind: Kind, envelope: Envelope, content: Content): boolean {
    const { policy, readerAccess } = this.#parts;
    const groups = Object.entries(content)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name]) => policy.coordinates.placeOf(kind.type, name)?.group ?? '');
    return [...new Set(['content', ...groups])].every((group) =>
      policy.may(readerAccess, action, kind.type, group, envelope),
    );
  }

  /** Fields that the reader cannot see keep their values, whatever was given for them. */
  #keepHidden(kind: Kind, before: StoredRecord, given: Content): Content {
    const { policy, readerAccess } = this.#parts;
    const decision = policy.decideRow(before.envelope, kind.type, readerAccess);
    const old = before.content as Content;
    const hidden = Object.keys(old).filter((name) => {
      const group = policy.coordinates.placeOf(kind.type, name)?.group ?? 'content';
      if (decision === null || decision.hidden.has(name)) return true;
      return group !== 'content' && !decision.groups.has(group);
    });
    return { ...given, ...Object.fromEntries(hidden.map((name) => [name, old[name]])) };
  }

  async #take(kind: Kind, given: Content): Promise<TakenContent> {
    const taken = await Promise.resolve(settleContent(this.#schema, kind, given, { resolveActor: byName }));
    if ('content' in taken) return taken;
    const [first] = taken;
    throw new Refused('INVALID', ['content', ...(first?.path ?? [])], first?.message ?? 'content');
  }

  #newEnvelope(kind: Kind, { content }: TakenContent, input: ReadingInput): Envelope {
    const { community, readerAccess } = this.#parts;
    const { picture, organisation } = readerAccess.reader;
    return {
      localId: randomUUID(),
      version: 1,
      supersedes: null,
      originator: organisation,
      custodian: community,
      provider: organisation,
      sourceUrl: null,
      receivedAt: readerAccess.now,
      ...this.#readingOf(kind, input),
      onwardShares: [],
      ...kind.says?.(content),
      grading: null,
      statementKind: null,
      confidence: null,
      personalData: null,
      exercise: picture === 'real' ? null : picture,
      recordState: 'ACTIVE',
      occurredAt: null,
      observedAt: null,
      reportedAt: null,
      modifiedAt: null,
    };
  }

  /** How a record may be read, whichever version of its content is read. */
  #readingOf(kind: Kind, input: ReadingInput): Reading {
    const reading = readingOf(input, this.#fieldsOf(kind));
    const schema = schemaOf(this.#parts.store, kind.type);
    return { ...reading, portions: schema.portionsToStore(reading.portions) };
  }

  #next({ envelope }: StoredRecord): Envelope {
    const now: Envelope['modifiedAt'] = {
      utc: this.#parts.readerAccess.now,
      precision: 'MILLISECOND',
      declaredZone: null,
    };
    return { ...envelope, version: envelope.version + 1, modifiedAt: now };
  }

  #remade(
    kind: Kind,
    before: StoredRecord,
    envelope: Envelope,
    content: Content,
    keeps: Made['keeps'],
  ): Made {
    const named = this.#named(kind, envelope, content);
    return { kind, before, id: before._id, envelope, content, sortAt: before.sortAt, keeps, ...named };
  }

  #named(kind: Kind, { portions }: Envelope, content: Content): Named {
    return namedIn(this.#schema, kind, content, portions);
  }

  #kind(type: string): Kind {
    const kind = this.#parts.kinds.find((one) => one.type === type);
    if (kind === undefined) throw new Error(`this community has no records of the kind ${type}`);
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

  /** Nothing classified is written by hand either: not kept, not quoted, and an alarm raised. */
  async #refuseClassified(input: object): Promise<void> {
    if (!bearsClassification(input)) return;
    this.#parts.alarm('SPILLAGE: classified content was given by hand. Nothing of it was kept here.');
    const spillage = {
      at: this.#parts.readerAccess.now,
      feed: 'by-hand',
      organisation: this.#parts.readerAccess.reader.organisation,
    };
    await this.#parts.store.connection.collection('spillages').insertOne(spillage);
    throw new Refused(
      'INVALID',
      [],
      'classified information is not for this hub: tell your security authority',
    );
  }
}

/** A name by itself is a key of its own: the alias tables are the imports'. */
function byName(name: string): string | null {
  return sharedKey('ThreatActor', name);
}

function isMarked({ portions }: Pick<Envelope, 'portions'>, field: string | undefined): boolean {
  return portions.some(({ path }) => path === field);
}

/** What an envelope says now of that which content says. */
function saidBy(envelope: Envelope, said: Said): Said {
  return {
    ...(said.states === undefined ? {} : { states: envelope.states ?? { own: [], told: [] } }),
    ...(said.facts === undefined ? {} : { facts: envelope.facts ?? {} }),
  };
}
