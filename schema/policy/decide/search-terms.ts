/**
 * The terms that find a record by a field with its own marking. A reader finds it with an access key of the record
 * and one of each portion and group that hides the field. A term is one key that satisfies all of them, or two keys
 * together, so that one index entry decides.
 */
export type SearchTerms = {
  /** Terms after the record's embargo. */
  readonly open: readonly string[];
  /** Terms while the embargo is running. */
  readonly early: readonly string[];
};

/** The terms of a field that no reader may search. */
export const noTerms: SearchTerms = { open: [], early: [] };

/** The keys of a term are in this order, separated by a character that no key has. */
const separator = '\n';
/** The most pairs of keys that are tried for one field. A record with long audiences has millions. */
const maxPairs = 10_000;

/**
 * Returns the terms of a field that several sets of access keys guard. A reader must hold a key of every set. A term is
 * a key that all sets have, or a pair of other keys such that every set has one of the two. Combinations of three keys
 * are left out: only a field with two portions for different readers needs them. Pairs are left out too if there are
 * more than `maxPairs`. Only a reader with a key of all sets then finds the record by the field.
 */
export function conjoin(sets: readonly (readonly string[])[]): readonly string[] {
  const [first = [], ...others] = sets.map((keys) => [...new Set(keys)]);
  const inOthers = others.map((keys) => new Set(keys));
  const single = new Set(first.filter((key) => inOthers.every((keys) => keys.has(key))));
  const rests = inOthers.map((keys) => keys.difference(single));
  const candidates = first
    .filter((key) => !single.has(key))
    .map((key) => ({ key, lacking: rests.filter((keys) => !keys.has(key)) }));
  const tried = candidates.reduce((sum, { lacking }) => sum + (lacking[0]?.size ?? 0), 0);
  if (tried > maxPairs) return [...single];
  const pairs = candidates.flatMap(({ key, lacking: [keys = new Set<string>(), ...more] }) =>
    [...keys].filter((other) => more.every((rest) => rest.has(other))).map((other) => toText([key, other])),
  );
  return [...new Set([...single, ...pairs])];
}

/** Returns every term that a reader with these access keys satisfies. */
export function termsOf(held: ReadonlySet<string>): readonly string[] {
  const keys = [...held];
  return keys.flatMap((key, at) => [key, ...keys.slice(at + 1).map((other) => toText([key, other]))]);
}

/** Marks a key as one of a group of fields. The same key of the group `content` may be held by other readers. */
export function keyOfGroup(key: string, group: string): string {
  return `${key}@${group}`;
}

function toText(keys: readonly string[]): string {
  return keys.toSorted().join(separator);
}
