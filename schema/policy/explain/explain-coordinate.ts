import type { Reader } from '../../protocol/reader.ts';
import { classesOfRecords } from '../decide/compile.ts';
import type { Coordinates, Place } from '../language/coordinates.ts';
import type { Action } from '../language/domain.ts';
import { covers, type PermitCheck } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { meetsConditions, type PolicySource, type Rule } from '../language/rules.ts';
import { findReaderShortfalls, meetShortfalls } from './shortfalls.ts';

/** The answer whether a kind of reader may ever use a coordinate, independent of the data, with the reasons. */
export type CoordinateExplanation = {
  readonly coordinate: string;
  readonly action: Action;
  readonly allowed: boolean;
  /** The permissions of the coordinate with the conditions that this reader does not meet, fewest first. */
  readonly ways: readonly PermitCheck[];
};

/**
 * Explains the decision that the hub makes before it plans: whether a kind of reader may use a coordinate, without any
 * record. If `ways` is empty, no rule permits the coordinate to any reader, or the policy does not name it.
 *
 * @param asked the action; by default the action of the coordinate
 */
export function explainCoordinate(
  policy: Policy,
  reader: Reader,
  coordinate: string,
  asked?: Action,
): CoordinateExplanation {
  const { source } = policy;
  const place = placeAt(policy.coordinates, coordinate);
  const action = asked ?? place?.action ?? 'read';
  const kinds = place === undefined ? [] : kindsOf(source, place);
  const ways = kinds.flatMap((kind) =>
    permitsOf(source, action, kind, place?.group ?? '').map((rule) =>
      checkPermit(policy, reader, rule, action, kind, place),
    ),
  );
  const allowed = ways.some(({ missing, prohibitedBy }) => missing.length + prohibitedBy.length === 0);
  return { coordinate, action, allowed, ways: distinct(ways.toSorted(fewestUnmetFirst)) };
}

function placeAt(coordinates: Coordinates, coordinate: string): Place | undefined {
  const [type = '', field = ''] = coordinate.split('.');
  return coordinates.placeOf(type, field);
}

/** Returns the kinds whose rules decide a place: its own kind, or every kind for a part that any record can contain. */
export function kindsOf({ domain }: PolicySource, { kind }: Pick<Place, 'kind'>): readonly string[] {
  return kind === null ? Object.keys(domain.kinds) : [kind];
}

/** Returns the permissions for an action on a group of fields of a kind. */
export function permitsOf(
  source: PolicySource,
  action: Action,
  kind: string,
  group: string,
): readonly Rule[] {
  return source.rules.filter((rule) => rule.effect === 'permit' && covers(rule, { action, kind, group }));
}

function checkPermit(
  policy: Policy,
  reader: Reader,
  rule: Rule,
  action: Action,
  kind: string,
  place: Place | undefined,
): PermitCheck {
  const { source } = policy;
  const missing = findReaderShortfalls(reader, rule, source);
  const classes = policy.classesOf(meetShortfalls(reader, missing));
  const group = place?.group ?? '';
  return { rule, missing, prohibitedBy: prohibitedAlways(source, rule, { action, kind, group }, classes) };
}

/**
 * Returns the prohibitions that apply to readers of these classes on every record that a permission covers. Returns an
 * empty list if there is a record that none of them covers.
 */
export function prohibitedAlways(
  source: PolicySource,
  permit: Rule,
  access: { readonly action: Action; readonly kind: string; readonly group: string },
  classes: readonly string[],
): readonly Rule[] {
  const prohibits = source.rules.filter(
    (rule) =>
      rule.effect === 'prohibit' &&
      covers(rule, access) &&
      rule.classes.every((name) => classes.includes(name)),
  );
  const cached = cacheOf(source);
  const key = [permit, ...prohibits].map(({ id }) => id).join(' ') + ` ${access.kind}`;
  const found = cached.get(key) ?? fewestProhibits(source, permit, access.kind, prohibits);
  cached.set(key, found);
  return found;
}

/** Caches the results by policy, which never changes. The same few sets of prohibitions recur for every role. */
const caches = new WeakMap<PolicySource, Map<string, readonly Rule[]>>();

function cacheOf(source: PolicySource): Map<string, readonly Rule[]> {
  const cache = caches.get(source) ?? new Map<string, readonly Rule[]>();
  caches.set(source, cache);
  return cache;
}

function fewestProhibits(
  source: PolicySource,
  permit: Rule,
  kind: string,
  prohibits: readonly Rule[],
): readonly Rule[] {
  return classesOfRecords(source, kind, permit, prohibits)
    .map((facts) => prohibits.filter((rule) => meetsConditions(facts, rule)))
    .reduce((least, one) => (one.length < least.length ? one : least), prohibits);
}

function distinct(ways: readonly PermitCheck[]): readonly PermitCheck[] {
  return [...new Map(ways.toReversed().map((way) => [way.rule.id, way])).values()].toReversed();
}

function fewestUnmetFirst(one: PermitCheck, other: PermitCheck): number {
  return one.prohibitedBy.length + one.missing.length - other.prohibitedBy.length - other.missing.length;
}
