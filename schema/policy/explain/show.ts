import type { TypeNature } from '../language/coordinates.ts';
import { type Action, allActions } from '../language/domain.ts';
import { kindsOf } from './ever.ts';
import { speaksOf } from './explain.ts';
import type { Policy } from '../decide/policy.ts';
import { placeNamed } from './question.ts';
import type { Rule } from '../language/rules.ts';
import { readAloud } from './phrases.ts';

/** A rule with its sentence. */
export type SpokenRule = { readonly rule: Rule; readonly text: string };

/** What the policy says of one coordinate. */
export type CoordinateShown = {
  readonly coordinate: string;
  readonly nature: TypeNature;
  /** The kinds of record that it is of: more than one for a part that any record may carry. */
  readonly kinds: readonly string[];
  readonly announced: boolean;
  readonly group: string;
  readonly groupMeans: string;
  /** Every action that a rule speaks of, with its rules: permissions first. */
  readonly actions: readonly { readonly action: Action; readonly rules: readonly SpokenRule[] }[];
  /** Of a field whose group is its own: reading it asks for this group besides, or the record is not there at all. */
  readonly besides: string | null;
};

/** Shows every rule that speaks of a coordinate. Throws PolicyQuestionError, with near names, for an unknown one. */
export function show(policy: Policy, coordinate: string): CoordinateShown {
  const { source } = policy;
  const place = placeNamed(policy, coordinate);
  const kinds = kindsOf(source, place).filter((kind) =>
    source.domain.kinds[kind]?.groups.includes(place.group),
  );
  const rulesOf = (action: Action) =>
    source.rules
      .filter((rule) => kinds.some((kind) => speaksOf(rule, { action, kind, group: place.group })))
      .toSorted((one, other) => Number(one.effect === 'prohibit') - Number(other.effect === 'prohibit'))
      .map((rule) => ({ rule, text: readAloud(rule, source) }));
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
