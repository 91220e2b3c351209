import type { Reader } from '../../protocol/reader.ts';
import { classesOfRecords } from '../decide/compile.ts';
import type { Coordinates, Place } from '../language/coordinates.ts';
import type { Action } from '../language/domain.ts';
import { speaksOf, type Way } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';
import { findReaderShortfalls, makeGood } from './shortfalls.ts';

/** Whether a kind of reader may ever use a coordinate, whatever the data, and why. */
export type EverExplanation = {
  readonly coordinate: string;
  readonly action: Action;
  readonly allowed: boolean;
  /** Every permission that speaks of it, nearest first: what this reader lacks, and what prohibits it on every record. */
  readonly ways: readonly Way[];
};

/**
 * Explains what the hub decides before it plans: a coordinate for a kind of reader, without any record. No way at all
 * means that no rule permits it to anybody, or that none names it.
 */
export function explainEver(
  policy: Policy,
  reader: Reader,
  coordinate: string,
  asked?: Action,
): EverExplanation {
  const { source } = policy;
  const place = placeAt(policy.coordinates, coordinate);
  const action = asked ?? place?.action ?? 'read';
  const kinds = place === undefined ? [] : kindsOf(source, place);
  const ways = kinds.flatMap((kind) =>
    permitsOf(source, action, kind, place?.group ?? '').map((rule) =>
      wayOf(policy, reader, rule, action, kind, place),
    ),
  );
  const allowed = ways.some(({ missing, prohibitedBy }) => missing.length + prohibitedBy.length === 0);
  return { coordinate, action, allowed, ways: distinct(ways.toSorted(nearestFirst)) };
}

function placeAt(coordinates: Coordinates, coordinate: string): Place | undefined {
  const [type = '', field = ''] = coordinate.split('.');
  return coordinates.placeOf(type, field);
}

/** The kinds whose rules decide a coordinate: its own, or every kind for a part that any record may carry. */
export function kindsOf({ domain }: PolicySource, { kind }: Pick<Place, 'kind'>): readonly string[] {
  return kind === null ? Object.keys(domain.kinds) : [kind];
}

/** The permissions that speak of an action on a group of fields of a kind. */
export function permitsOf(
  source: PolicySource,
  action: Action,
  kind: string,
  group: string,
): readonly Rule[] {
  return source.rules.filter((rule) => rule.effect === 'permit' && speaksOf(rule, { action, kind, group }));
}

function wayOf(
  policy: Policy,
  reader: Reader,
  rule: Rule,
  action: Action,
  kind: string,
  place: Place | undefined,
): Way {
  const { source } = policy;
  const missing = findReaderShortfalls(reader, rule, source);
  const classes = policy.classesOf(makeGood(reader, missing));
  const group = place?.group ?? '';
  return { rule, missing, prohibitedBy: prohibitedAlways(source, rule, { action, kind, group }, classes) };
}

/** The prohibitions that together bind readers of these classes on every record that a permission opens; or none. */
export function prohibitedAlways(
  source: PolicySource,
  permit: Rule,
  access: { readonly action: Action; readonly kind: string; readonly group: string },
  classes: readonly string[],
): readonly Rule[] {
  const prohibits = source.rules.filter(
    (rule) =>
      rule.effect === 'prohibit' &&
      speaksOf(rule, access) &&
      rule.classes.every((name) => classes.includes(name)),
  );
  const known = knownOf(source);
  const key = [permit, ...prohibits].map(({ id }) => id).join(' ') + ` ${access.kind}`;
  const found = known.get(key) ?? leastBinding(source, permit, access.kind, prohibits);
  known.set(key, found);
  return found;
}

/** What was found of a policy, which never changes: the same few sets of prohibitions come back for every role. */
const knownBySource = new WeakMap<PolicySource, Map<string, readonly Rule[]>>();

function knownOf(source: PolicySource): Map<string, readonly Rule[]> {
  const known = knownBySource.get(source) ?? new Map<string, readonly Rule[]>();
  knownBySource.set(source, known);
  return known;
}

function leastBinding(
  source: PolicySource,
  permit: Rule,
  kind: string,
  prohibits: readonly Rule[],
): readonly Rule[] {
  return classesOfRecords(source, kind, permit, prohibits)
    .map((facts) => prohibits.filter((rule) => meetsConditions(facts, rule)))
    .reduce((least, one) => (one.length < least.length ? one : least), prohibits);
}

function distinct(ways: readonly Way[]): readonly Way[] {
  return [...new Map(ways.toReversed().map((way) => [way.rule.id, way])).values()].toReversed();
}

function nearestFirst(one: Way, other: Way): number {
  return one.prohibitedBy.length + one.missing.length - other.prohibitedBy.length - other.missing.length;
}
