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
const maxKeys = 2;

/**
 * Returns the terms that satisfy every set of access keys. A combination of three different keys is left out: it would
 * be needed only where two portions of one field are for different readers, and nobody then finds the record by it.
 */
export function conjoin(sets: readonly (readonly string[])[]): readonly string[] {
  const all = sets.reduce<readonly (readonly string[])[]>(
    (terms, keys) =>
      terms.flatMap((term) =>
        term.some((key) => keys.includes(key)) ? [term] : keys.map((key) => [...term, key]),
      ),
    [[]],
  );
  const short = all.filter(({ length }) => length > 0 && length <= maxKeys);
  const single = new Set(short.flatMap((term) => (term.length === 1 ? term : [])));
  const needed = short.filter((term) => term.length === 1 || !term.some((key) => single.has(key)));
  return [...new Set(needed.map(toText))];
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
