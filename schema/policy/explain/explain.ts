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
  meetShortfalls,
  relationShortfall,
  type Shortfall,
} from './shortfalls.ts';

/** An action on a group of fields of a kind of record, which rules permit or prohibit. */
export type Access = { readonly action: Action; readonly kind: string; readonly group: string };

/** A permission that could allow the access: its unmet conditions, and the prohibitions that would still apply. */
export type PermitCheck = {
  readonly rule: Rule;
  readonly missing: readonly Shortfall[];
  readonly prohibitedBy: readonly Rule[];
};

/** Why one access is allowed or not. */
export type Explanation = Access & {
  readonly allowed: boolean;
  /** The permissions that match, each with the values that reader and record share. */
  readonly permits: readonly { readonly rule: Rule; readonly meeting: readonly string[] }[];
  /** The prohibitions that match. They override every permission. */
  readonly prohibits: readonly Rule[];
  /** If the access is not allowed: the permissions that could allow it, fewest unmet conditions first. */
  readonly ways: readonly PermitCheck[];
  /** The record's values as the rules see them. An invalid envelope has the marking `broken`. */
  readonly facts: RecordFacts;
  /** The classes that the reader belongs to. */
  readonly classes: readonly string[];
};

/**
 * Explains one decision. Evaluates the rules as they are written, independently of the compiled policy; tests check that
 * both decide the same. Reads only the envelope, never the content of the record.
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
  const findUnmet = (rule: Rule): readonly Shortfall[] => [
    ...findReaderShortfalls(readerAccess.reader, rule, source),
    ...(met.has(rule.relation) ? [] : sidesOf(rule.relation, readerAccess, envelope)),
    ...findRecordShortfalls(facts, rule),
  ];
  return {
    ...access,
    allowed,
    permits: permits.map((rule) => ({ rule, meeting: meeting(rule.relation) })),
    prohibits,
    ways: allowed ? [] : checkPermits(policy, readerAccess.reader, access, facts, findUnmet),
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

/** Returns the values that reader and record share in a relation. With an invalid envelope only `anyone` matches. */
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

/** Returns every permission of the access with its unmet conditions and the prohibitions that would still apply. */
function checkPermits(
  policy: Policy,
  reader: Reader,
  access: Access,
  facts: RecordFacts,
  findUnmet: (rule: Rule) => readonly Shortfall[],
): readonly PermitCheck[] {
  const { source } = policy;
  const covering = source.rules.filter((rule) => covers(rule, access));
  const prohibits = covering.filter((rule) => rule.effect === 'prohibit');
  return covering
    .filter((rule) => rule.effect === 'permit')
    .map((rule): PermitCheck => {
      const missing = findUnmet(rule);
      const classes = new Set(policy.classesOf(meetShortfalls(reader, missing)));
      const binding = prohibits.filter((one) => one.classes.every((name) => classes.has(name)));
      return { rule, missing, prohibitedBy: fewestProhibits(source, facts, missing, rule, binding) };
    })
    .toSorted(fewestUnmetFirst);
}

/** Returns true if a rule covers an access, for any reader and record. */
export function covers(rule: Rule, { action, kind, group }: Access): boolean {
  return rule.actions.has(action) && rule.groups.has(group) && rule.kinds.has(kind);
}

/**
 * Changes the record so that it meets the permission, in each possible way. Returns the prohibitions that match the
 * changed record with the fewest of them.
 */
function fewestProhibits(
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

function fewestUnmetFirst(one: PermitCheck, other: PermitCheck): number {
  return one.prohibitedBy.length + one.missing.length - other.prohibitedBy.length - other.missing.length;
}
