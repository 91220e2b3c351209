import { randomUUID } from 'node:crypto';
import type { Community } from '../../../schema/record/vocabulary.ts';
import {
  fieldsOfLaterMoves,
  fieldsOfWorkflows,
  isByMovesOnly,
  isChangedByMoves,
  workflowsOf,
} from '../../../schema/workflow/served.ts';
import { asPortion } from '../../../schema/record/as-portion.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { memberStateKey, organisationKey } from '../../../schema/record/keys.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import { type Content, isOfState, type Said } from '../record/content.ts';
import { isCaseKey } from '../store/links.ts';
import type { ChangeParts, Keyed, OnRecord } from './change-steps.ts';
import { withoutEndedSharing } from '../record/ended-sharing.ts';
import { EmergencyReleases } from './emergency-releases.ts';
import { OnwardShares } from './onward-shares.ts';
import { refuseHandlingCodes } from './held-back.ts';
import { ProposedReleases } from './proposed-releases.ts';
import type { Outcome } from './write-once.ts';
import { isSame, isWider, loosened, type ReadingInput } from './reading.ts';
import { checkContent, refuseRemoved } from './check-content.ts';
import { hiddenIn, itemsIn, keepHidden, keepHiddenPortions } from './keep-hidden.ts';
import { newEnvelope, nextEnvelope, sortedAt } from './envelopes.ts';
import { findRefused, mayNotChange, mayNotCreate } from './not-allowed.ts';
import { refuseFrozen } from './frozen-content.ts';
import { refuseNewReaders, refuseRunning } from './running-workflow.ts';
import { Refused } from './refused.ts';

/** The most characters of the reason of a retraction. */
const maxReason = 2000;

export type CreateInput = Keyed & { readonly content: Content; readonly reading: ReadingInput };
export type ChangeInput = OnRecord & { readonly content: Content };
export type MarkInput = OnRecord & { readonly reading: ReadingInput };
export type LinkInput = OnRecord & { readonly case?: string | null };
export type AssessInput = OnRecord & { readonly impact: string };
export type RetractInput = OnRecord & { readonly reason: string };

/**
 * The changes that one reader makes in one community's store. The policy decides each on the stored record. A change
 * names the version that it is based on, and is executed once for each idempotency key of its subject.
 */
export class Changes extends OnwardShares {
  /** The emergency releases that the reader makes, confirms and reports on. */
  readonly emergencies: EmergencyReleases;
  /** The releases that the reader proposes, or confirms as a second person. */
  readonly proposals: ProposedReleases;

  constructor(parts: ChangeParts) {
    super(parts);
    this.emergencies = new EmergencyReleases(parts);
    this.proposals = new ProposedReleases(parts);
  }

  /** Creates a record. Its originator is the reader's organisation. */
  async create(type: string, input: CreateInput): Promise<Outcome> {
    const kind = this.kind(type);
    return await this.once(input, 'create', async () => {
      refuseActs(type, input.content);
      const taken = await this.take(kind, input.content);
      checkContent(this.schema, kind, taken.content);
      const envelope = newEnvelope(this.parts, kind, taken.content, this.readingOf(kind, input.reading));
      const refused = findRefused(this.parts, 'create', kind.type, envelope, taken.content);
      if (refused !== null) throw mayNotCreate(this.parts, refused.access, envelope, refused.path);
      const { content } = taken;
      const sortAt = sortedAt(kind, envelope, taken.sortAt);
      const id = `${type}:${randomUUID()}`;
      const made = { kind, before: null, id, envelope, content, sortAt, keeps: () => false };
      return await Promise.resolve({ ...made, ...this.named(kind, envelope, content) });
    });
  }

  /** Changes fields of the content. Fields that are left out, or that the reader may not see, keep their values. */
  async update(type: string, input: ChangeInput): Promise<Outcome> {
    const kind = this.kind(type);
    return await this.once(input, 'update', async (find, session) => {
      refuseMoved(this.parts.community, type, input.content);
      refuseRemoved(this.schema, kind, input.content);
      const before = await this.found(kind, input, 'change', find);
      await refuseFrozen(this.parts, type, input.id, session);
      const taken = await this.take(kind, input.content);
      const old = before.content as Content;
      const hidden = hiddenIn(this.parts, kind, before, this.fieldsOf(kind));
      // A null changes nothing in a hidden field, so its answer must not depend on the stored value.
      const seen = Object.fromEntries(Object.entries(old).filter(([name]) => !hidden.has(name)));
      const refused = findRefused(this.parts, 'change', kind.type, before.envelope, taken.content, seen);
      if (refused !== null) throw mayNotChange(this.parts, refused.access, before.envelope, refused.path);
      const content = keepHidden(this.parts, kind, before, { ...old, ...taken.content });
      checkContent(this.schema, kind, content, hidden);
      const derived = kind.says?.(content) ?? {};
      if (!isSame(derived, storedFacts(before.envelope, derived)) && !this.mayWiden(kind, before.envelope))
        throw new Refused(
          'NOT_ALLOWED',
          ['content'],
          'only its originator changes the fields that decide who may read it',
        );
      const envelope = {
        ...nextEnvelope(before, this.parts.readerAccess.now),
        ...derived,
        contentByHand: true as const,
      };
      return this.remade(kind, before, envelope, content, () => false);
    });
  }

  /**
   * Replaces marking and audience. The action `mark-up` permits stricter ones; only the originator may widen any
   * scale. A stricter reading is joined to everything that belongs to the record.
   */
  async mark(input: MarkInput): Promise<Outcome> {
    return await this.once(input, 'mark', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.found(kind, input, 'mark-up', find);
      await refuseNewReaders(this.parts, kind.type, input.id, session);
      const { envelope: old } = before;
      const reading = keepHiddenPortions(this.parts, kind, old, this.readingOf(kind, input.reading));
      if (isMarked(reading, kind.sortBy) && !isMarked(old, kind.sortBy))
        throw new Refused(
          'INVALID',
          ['reading', 'portions'],
          `lists are sorted by ${kind.sortBy}, so their order would disclose it: mark the whole record instead`,
        );
      const wider = isWider(old, reading, this.isOpen(kind, old)) && !this.mayWiden(kind, old);
      const parts = loosened(old, reading).map((portion) => asPortion(old, portion));
      if (wider || !parts.every((part) => this.mayWiden(kind, part)))
        throw new Refused(
          'NOT_ALLOWED',
          ['reading'],
          'only its originator lowers the marking of a record or widens its audience',
        );
      if (isWider(old, reading, this.isOpen(kind, old))) refuseHandlingCodes([old]);
      refuseHandlingCodes(parts);
      const { now } = this.parts.readerAccess;
      const next = { ...nextEnvelope(before, now), ...reading, readingByHand: true as const };
      const envelope = withoutEndedSharing(next, old, now);
      const made = this.remade(kind, before, envelope, before.content as Content, () => true);
      // Records that belong to it follow the marking. A mark that opens the record opens nothing else.
      return isWider(reading, old, false) ? { ...made, covers: this.covering(reading) } : made;
    });
  }

  /** Sets the joint case that the record belongs to, or removes it. A case that the reader may not see stays. */
  async link(input: LinkInput): Promise<Outcome> {
    return await this.once(input, 'link', async (find) => {
      const kind = this.kindOf(input.id);
      const before = await this.found(kind, input, 'change', find);
      if (!this.fieldsOf(kind).has('case'))
        throw new Refused('INVALID', ['id'], 'records of this kind cannot belong to a joint case');
      refuseLinked(this.parts.community, kind.type);
      const key = input.case === null || input.case === undefined ? null : sharedKey('JointCase', input.case);
      if (input.case && key === null)
        throw new Refused('INVALID', ['case'], 'expected a key of JointCase, such as JointCase:JC-2026-0007');
      const old = before.content as Content;
      // As in an update, a field that the reader may not see keeps its value.
      if (Object.hasOwn(keepHidden(this.parts, kind, before, {}), 'case'))
        return this.remade(kind, before, nextEnvelope(before, this.parts.readerAccess.now), old, () => true);
      const content = { ...old, case: key };
      const envelope = {
        ...nextEnvelope(before, this.parts.readerAccess.now),
        contentByHand: true as const,
        caseByHand: true as const,
      };
      return this.remade(kind, before, envelope, content, (one) => !isCaseKey(one));
    });
  }

  /**
   * Sets the assessment of the reader's organisation for its own Member State. The assessments of other states and of
   * other organisations stay.
   */
  async assess(type: string, input: AssessInput): Promise<Outcome> {
    const kind = this.kind(type);
    const { itemsOfState: items } = kind;
    const { memberState, organisation } = this.parts.readerAccess.reader;
    if (items === undefined) throw new Error(`expected a kind with items of Member States, got ${type}`);
    return await this.once(input, 'assess', async (find) => {
      const group = this.parts.policy.coordinates.placeOf(type, items.field)?.group ?? '';
      const before = await this.found(kind, input, 'change', find, group);
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
        ...nextEnvelope(before, this.parts.readerAccess.now),
        contentByHand: true as const,
      };
      return this.remade(kind, before, envelope, content, () => true);
    });
  }

  /** Marks the record as retracted, for the reason that its readers see. It stays stored. */
  async retract(input: RetractInput): Promise<Outcome> {
    return await this.once(input, 'retract', async (find, session) => {
      const kind = this.kindOf(input.id);
      const before = await this.found(kind, input, 'change', find);
      await refuseRunning(this.parts, kind, input.id, session);
      const retractionReason = reasonIn(input);
      const envelope: Envelope = {
        ...nextEnvelope(before, this.parts.readerAccess.now),
        recordState: 'RETRACTED',
        retractionReason,
      };
      return this.remade(kind, before, envelope, before.content as Content, () => true);
    });
  }
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

/** Throws Refused for a field that states an act of a move, such as an approval. */
function refuseActs(type: string, content: Content): void {
  const act = fieldsOfLaterMoves(type).find((name) => (content[name] ?? null) !== null);
  if (act !== undefined)
    throw new Refused('NOT_ALLOWED', ['content', act], 'only a move of its workflow sets this field');
}

/** Throws Refused for a field that only moves change. The answer is the same for every record and every value. */
function refuseMoved(community: Community, type: string, content: Content): void {
  const kind = workflowsOf(community).get(type);
  const moved = kind && Object.keys(content).find((name) => isChangedByMoves(kind, name));
  if (moved !== undefined)
    throw new Refused('NOT_ALLOWED', ['content', moved], 'only a move of its workflow changes this field');
}

/** Throws Refused for a kind that only moves change, if its first move states the joint case. */
function refuseLinked(community: Community, type: string): void {
  const kind = workflowsOf(community).get(type);
  if (kind !== undefined && isByMovesOnly(type) && fieldsOfWorkflows(kind).has('case'))
    throw new Refused('NOT_ALLOWED', ['id'], 'only a move of its workflow states the case of this record');
}
