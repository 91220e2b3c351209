import type { TypeNature } from '../language/coordinates.ts';
import { type Action, allActions } from '../language/domain.ts';
import { kindsOf } from './explain-coordinate.ts';
import { covers } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { findPlace } from './question.ts';
import type { Rule } from '../language/rules.ts';
import { formatRule } from './format-rule.ts';

/** A rule and its sentence. */
export type FormattedRule = { readonly rule: Rule; readonly text: string };

/** The rules of one coordinate. */
export type CoordinateRules = {
  readonly coordinate: string;
  readonly nature: TypeNature;
  /** The kinds of record that contain it: more than one for a part that any record can contain. */
  readonly kinds: readonly string[];
  readonly announced: boolean;
  readonly group: string;
  readonly groupMeans: string;
  /** Every action that a rule covers, with its rules, permissions first. */
  readonly actions: readonly { readonly action: Action; readonly rules: readonly FormattedRule[] }[];
  /** A second group that a reader needs read access to; null if the coordinate's own group is enough. */
  readonly besides: string | null;
};

/** Returns every rule that covers a coordinate. Throws PolicyQuestionError if the coordinate is unknown. */
export function show(policy: Policy, coordinate: string): CoordinateRules {
  const { source } = policy;
  const place = findPlace(policy, coordinate);
  const kinds = kindsOf(source, place).filter((kind) =>
    source.domain.kinds[kind]?.groups.includes(place.group),
  );
  const rulesOf = (action: Action) =>
    source.rules
      .filter((rule) => kinds.some((kind) => covers(rule, { action, kind, group: place.group })))
      .toSorted((one, other) => Number(one.effect === 'prohibit') - Number(other.effect === 'prohibit'))
      .map((rule) => ({ rule, text: formatRule(rule, source) }));
  return {
    coordinate,
    nature: place.nature,
    kinds,
    announced: kinds.every((kind) => source.domain.kinds[kind]?.announced === true),
    group: place.group,
    groupMeans: source.domain.groups[place.group] ?? '',
    actions: allActions
      .map((action) => ({ action, rules: rulesOf(action) }))
      .filter(({ rules }) => rules.length > 0),
    besides: place.group === 'content' || kinds.includes('Hub') ? null : 'content',
  };
}
