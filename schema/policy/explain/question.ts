import type { Place } from '../language/coordinates.ts';
import { type Action, allActions } from '../language/domain.ts';
import type { Policy } from '../decide/policy.ts';
import { joinList } from './format-rule.ts';

/** A question about the policy with an unknown coordinate or action. The message suggests similar names. */
export class PolicyQuestionError extends Error {
  override readonly name = 'PolicyQuestionError';
  readonly near: readonly string[];

  constructor(message: string, near: readonly string[]) {
    super(near.length === 0 ? message : `${message}; did you mean ${joinList(near, 'or')}?`);
    this.near = near;
  }
}

const maxNear = 5;

/** Returns the place of a coordinate such as `Advisory.title`. Throws PolicyQuestionError if it is unknown. */
export function findPlace(policy: Policy, coordinate: string): Place {
  const { coordinates } = policy;
  const [type = '', field = ''] = coordinate.replace(/\(.*$/, '').split('.');
  const place = coordinates.placeOf(type, field);
  if (place !== undefined) return place;
  const known = coordinates.types.flatMap((one) =>
    [...coordinates.fieldsOf(one).keys()].map((name) => `${one}.${name}`),
  );
  const candidates =
    coordinates.natureOf(type) === undefined ? known : known.filter((name) => name.startsWith(`${type}.`));
  const expected = /^\w+\.\w+$/.test(coordinate) ? '' : ' (expected Type.field)';
  throw new PolicyQuestionError(
    `the policy has no coordinate ${coordinate}${expected}`,
    nearest(coordinate, candidates),
  );
}

/** Returns the action with a name. Throws PolicyQuestionError, which lists all actions, if there is none. */
export function findAction(name: string): Action {
  const action = allActions.find((one) => one === name);
  if (action !== undefined) return action;
  throw new PolicyQuestionError(`the policy has no action ${name}`, [...allActions]);
}

/** Returns the names that are most similar to a word or contain it, most similar first. */
export function nearest(word: string, known: readonly string[], max: number = maxNear): readonly string[] {
  return known
    .map((name) => ({ name, away: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.away - other.away)
    .slice(0, max)
    .map(({ name }) => name);
}

/** Returns the Levenshtein distance. Additional letters at the start or the end of `name` cost half. */
function distance(word: string, name: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, at) => at / 2);
  for (let at = 1; at <= word.length; at += 1) {
    const next = [at];
    for (let of = 1; of <= name.length; of += 1) {
      const same = word[at - 1] === name[of - 1] ? 0 : 1;
      const inserted = (next[of - 1] ?? 0) + (at === word.length ? 0.5 : 1);
      next.push(Math.min((row[of - 1] ?? 0) + same, (row[of] ?? 0) + 1, inserted));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
