import type { Place } from '../language/coordinates.ts';
import { type Action, allActions } from '../language/domain.ts';
import type { Policy } from '../decide/policy.ts';
import { listed } from './phrases.ts';

/** A question about the policy that names what is not there: it says what is near. */
export class PolicyQuestionError extends Error {
  override readonly name = 'PolicyQuestionError';
  readonly near: readonly string[];

  constructor(message: string, near: readonly string[]) {
    super(near.length === 0 ? message : `${message}; did you mean ${listed(near, 'or')}?`);
    this.near = near;
  }
}

const maxNear = 5;

/** Where a coordinate such as `Advisory.title` belongs. Throws PolicyQuestionError, with near names, for an unknown one. */
export function placeNamed(policy: Policy, coordinate: string): Place {
  const { coordinates } = policy;
  const [type = '', field = ''] = coordinate.replace(/\(.*$/, '').split('.');
  const place = coordinates.placeOf(type, field);
  if (place !== undefined) return place;
  const known = coordinates.types.flatMap((one) =>
    [...coordinates.fieldsOf(one).keys()].map((name) => `${one}.${name}`),
  );
  const beside =
    coordinates.natureOf(type) === undefined ? known : known.filter((name) => name.startsWith(`${type}.`));
  const expected = /^\w+\.\w+$/.test(coordinate) ? '' : ' (expected Type.field)';
  throw new PolicyQuestionError(`no rule names ${coordinate}${expected}`, nearest(coordinate, beside));
}

/** An action by its name. Throws PolicyQuestionError with all of them for a word that is none. */
export function actionNamed(name: string): Action {
  const action = allActions.find((one) => one === name);
  if (action !== undefined) return action;
  throw new PolicyQuestionError(`no action is called ${name}`, [...allActions]);
}

/** The names that are spelt most like a word, nearest first, and those that hold a part of it. */
export function nearest(word: string, known: readonly string[], most: number = maxNear): readonly string[] {
  return known
    .map((name) => ({ name, away: distance(word.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.away - other.away)
    .slice(0, most)
    .map(({ name }) => name);
}

/** Levenshtein's distance, where letters that only one of both has in front or behind cost half. */
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
