import { isEnvelope } from '../../record/check-envelope.ts';
import type { Envelope } from '../../record/envelope.ts';
import type { Reader } from '../../protocol/reader.ts';
import { blocksOf } from '../decide/compile.ts';
import { type Action, type RecordFacts, type Relation, relations } from '../language/domain.ts';
import { factsOf } from '../decide/facts.ts';
import { judge } from './judge.ts';
import type { ReaderAccess, Policy } from '../decide/policy.ts';
import { readerSide, recordSide } from '../decide/relations.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';
import {
  findReaderShortfalls,
  findRecordShortfalls,
  makeGood,
  relationShortfall,
  type Shortfall,
} from './shortfalls.ts';

/** What a reader would do to a record. */
export type Access = { readonly action: Action; readonly kind: string; readonly group: string };

/** A permission that could have allowed it: what it lacked, and which prohibitions would bind even then. */
export type Way = {
  readonly rule: Rule;
  readonly missing: readonly Shortfall[];
  readonly prohibitedBy: readonly Rule[];
};

/** Why one access is allowed or not, by the rules as they are written. */
export type Explanation = Access & {
  readonly allowed: boolean;
  /** The permissions that hold, each with the values in which reader and record meet. */
  readonly permits: readonly { readonly rule: Rule; readonly meeting: readonly string[] }[];
  /** The prohibitions that bind, whatever is permitted. */
  readonly prohibits: readonly Rule[];
  /** Where it is not allowed: what would have had to be true, the fewest shortfalls first. */
  readonly ways: readonly Way[];
  /** The record as the rules see it; an envelope that is not whole is a marking that is broken. */
  readonly facts: RecordFacts;
  /** The classes that the reader is of. */
  readonly classes: readonly string[];
};

/**
 * Explains one decision. It reads the rules as they are written, so it is a second way to what the compiled policy
 * decides, and tests hold both equal. It looks at the envelope alone, never at what a record says.
 */
export function explain(
  policy: Policy,
  readerAccess: ReaderAccess,
  access: Access,
  envelope: unknown,
): Explanation {
  const { source } = policy;
  const facts = factsFor(source, readerAccess, access.kind, envelope);
  const meeting = meetingsOf(readerAccess, isEnvelope(envelope) ? envelope : null);
  const classes = policy.classesOf(readerAccess.reader);
  const met = new Set(relations.filter((relation) => meeting(relation).length > 0));
  const cell = { ...access, facts, classes: new Set(classes), relations: met };
  const { allowed, permits, prohibits } = judge(source, cell);
  const lacking = (rule: Rule): readonly Shortfall[] => [
    ...findReaderShortfalls(readerAccess.reader, rule, source),
    ...(met.has(rule.relation) ? [] : sidesOf(rule.relation, readerAccess, envelope)),
    ...findRecordShortfalls(facts, rule),
  ];
  return {
    ...access,
    allowed,
    permits: permits.map((rule) => ({ rule, meeting: meeting(rule.relation) })),
    prohibits,
    ways: allowed ? [] : findWays(policy, readerAccess.reader, access, facts, lacking),
    facts,
    classes,
  };
}

function factsFor(
  source: PolicySource,
  readerAccess: ReaderAccess,
  kind: string,
  envelope: unknown,
): RecordFacts {
  if (!isEnvelope(envelope)) return { kind, picture: 'same', marking: 'broken' };
  const embargoed = envelope.embargoUntil !== null && envelope.embargoUntil > readerAccess.now;
  const facts = factsOf(envelope, kind, embargoed ? 'running' : 'over', source.domain.facts);
  const picture = (envelope.exercise ?? 'real') === readerAccess.reader.picture ? 'same' : 'other';
  return facts === null ? { kind, picture, marking: 'broken' } : { ...facts, picture };
}

/** In which values reader and record meet, by relation; of a record that is not whole only `anyone` is known. */
function meetingsOf(
  readerAccess: ReaderAccess,
  envelope: Envelope | null,
): (relation: Relation) => readonly string[] {
  const known = new Map<Relation, readonly string[]>();
  return (relation) => {
    const found = known.get(relation) ?? meetingOf(relation, readerAccess, envelope);
    known.set(relation, found);
    return found;
  };
}

function meetingOf(
  relation: Relation,
  { reader, now }: ReaderAccess,
  envelope: Envelope | null,
): readonly string[] {
  if (relation === 'anyone') return ['anyone'];
  if (envelope === null) return [];
  const held = new Set(readerSide(relation, reader, now));
  return recordSide(relation, envelope).filter((value) => held.has(value));
}

function sidesOf(relation: Relation, { reader, now }: ReaderAccess, envelope: unknown): readonly Shortfall[] {
  const record = isEnvelope(envelope) ? recordSide(relation, envelope) : [];
  return relationShortfall(relation, record, readerSide(relation, reader, now));
}

/** Every permission of the access with what it lacked, and what would still have prohibited it. */
function findWays(
  policy: Policy,
  reader: Reader,
  access: Access,
  facts: RecordFacts,
  lacking: (rule: Rule) => readonly Shortfall[],
): readonly Way[] {
  const { source } = policy;
  const named = source.rules.filter((rule) => speaksOf(rule, access));
  const prohibits = named.filter((rule) => rule.effect === 'prohibit');
  return named
    .filter((rule) => rule.effect === 'permit')
    .map((rule): Way => {
      const missing = lacking(rule);
      const classes = new Set(policy.classesOf(makeGood(reader, missing)));
      const binding = prohibits.filter((one) => one.classes.every((name) => classes.has(name)));
      return { rule, missing, prohibitedBy: leastBinding(source, facts, missing, rule, binding) };
    })
    .toSorted(nearestFirst);
}

/** Whether a rule speaks of a access at all, whoever does it. */
export function speaksOf(rule: Rule, { action, kind, group }: Access): boolean {
  return rule.actions.has(action) && rule.groups.has(group) && rule.kinds.has(kind);
}

/** The prohibitions left on the record that meets the permission and is held by the fewest of them. */
function leastBinding(
  source: PolicySource,
  facts: RecordFacts,
  missing: readonly Shortfall[],
  permit: Rule,
  prohibits: readonly Rule[],
): readonly Rule[] {
  const changed = missing.filter(({ on }) => on === 'record').map(({ of }) => of);
  const records = changed.reduce<readonly RecordFacts[]>(
    (all, dimension) =>
      all.flatMap((one) =>
        blocksOf(dimension, source.dimensions.get(dimension) ?? [], [permit, ...prohibits])
          .filter((value) => permit.when.get(dimension)?.has(value))
          .map((value) => ({ ...one, [dimension]: value })),
      ),
    [facts],
  );
  return records
    .map((one) => prohibits.filter((rule) => meetsConditions(one, rule)))
    .reduce((least, binding) => (binding.length < least.length ? binding : least), prohibits);
}

function nearestFirst(one: Way, other: Way): number {
  return one.prohibitedBy.length + one.missing.length - other.prohibitedBy.length - other.missing.length;
}
