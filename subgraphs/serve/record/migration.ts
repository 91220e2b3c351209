import type { Content } from './content.ts';

/**
 * How one field of content is made from others. `make` is pure and is given the fields of `from` and no others, so that
 * what hides one of them hides what was made of it. It meets whatever is stored, and nothing where a field is absent.
 */
export type Making = {
  readonly from: readonly string[];
  readonly make: (given: Content) => unknown;
  /** The one field that it is a plain copy of: who filters by the one may be answered by the other. */
  readonly copies?: string;
};

/**
 * One step of a kind's documents, from version n to n + 1: new fields beside the old, never another value in an old one.
 * It names no shared key that the record did not name before, and changes nothing that lists are sorted by.
 */
export type Migration = {
  /** Why, in words for whoever runs it. */
  readonly because: string;
  /** The fields that are new, each made from fields of version n. */
  readonly adds: Readonly<Record<string, Making>>;
  /**
   * The fields of version n that n + 1 has no use for, each made from fields of n + 1: what is written anew bears them,
   * too, so that version n reads it, until the store is contracted. Their names are never used again.
   */
  readonly retires?: Readonly<Record<string, Making>>;
};

/** A field that holds what another held. */
export function copyOf(field: string): Making {
  return { from: [field], make: (given) => given[field], copies: field };
}

/** A step that renames one field. */
export function renaming(from: string, to: string, because: string): Migration {
  return { because, adds: { [to]: copyOf(from) }, retires: { [from]: copyOf(to) } };
}

/** The fields that are made from a content; one that comes to nothing is left out. */
export function makeFields(makings: Readonly<Record<string, Making>>, content: Content): Content {
  const made = Object.entries(makings).map(([name, { from, make }]) => {
    const given = from.filter((field) => Object.hasOwn(content, field));
    return [name, make(Object.fromEntries(given.map((field) => [field, content[field]])))] as const;
  });
  return Object.fromEntries(made.filter(([, value]) => value !== undefined));
}
