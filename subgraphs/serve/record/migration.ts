import type { Content } from './content.ts';

/**
 * Derives one field of content from others. `make` is pure and gets only the fields of `from`, so that a portion that
 * hides one of them also hides the result. It must accept any stored value, and absent fields.
 */
export type Making = {
  readonly from: readonly string[];
  readonly make: (given: Content) => unknown;
  /** The field that it copies unchanged, if any: a filter by one field can then compare the other. */
  readonly copies?: string;
};

/**
 * One step of a kind's documents, from schema version n to n + 1. A step adds fields and never changes the value of an
 * existing one. It adds no shared key that the record did not name, and does not change the sort key.
 */
export type Migration = {
  /** The reason, for the operator who runs the migration. */
  readonly because: string;
  /** New fields, each made from fields of version n. */
  readonly adds: Readonly<Record<string, Making>>;
  /**
   * Fields of version n that version n + 1 no longer uses, each made from fields of n + 1. Until the store is contracted,
   * new documents contain them too, so that programs of version n can read them. Never reuse their names.
   */
  readonly retires?: Readonly<Record<string, Making>>;
};

/** Copies another field. */
export function copyOf(field: string): Making {
  return { from: [field], make: (given) => given[field], copies: field };
}

/** A step that renames one field.
 *
 * @example renaming('title', 'headline', 'a title is a headline')
 */
export function renaming(from: string, to: string, because: string): Migration {
  return { because, adds: { [to]: copyOf(from) }, retires: { [from]: copyOf(to) } };
}

/** Derives fields from a content. Leaves out fields whose value is undefined. */
export function makeFields(makings: Readonly<Record<string, Making>>, content: Content): Content {
  const made = Object.entries(makings).map(([name, { from, make }]) => {
    const given = from.filter((field) => Object.hasOwn(content, field));
    return [name, make(Object.fromEntries(given.map((field) => [field, content[field]])))] as const;
  });
  return Object.fromEntries(made.filter(([, value]) => value !== undefined));
}
