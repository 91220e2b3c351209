import { hash } from 'node:crypto';
import type { Policy } from '../../../schema/policy/decide/policy.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Content } from '../record/content.ts';
import { dateIn } from '../record/date-in.ts';
import type { FilterValue, SchemaVersions } from '../record/schema-versions.ts';

/**
 * The version of the rules below. Increase it when they change: the values of stored records are then derived again in
 * the background (subgraphs/serve/relabel/refill.ts), and filters are unavailable until that has ended.
 */
export const derivation = 4;

/** The values that a list filters by, as they are stored. They follow the marking of the fields that they come from. */
export type FilterFields = {
  readonly filters: Readonly<Record<string, unknown>>;
  /** Absent if no field is hidden or a list: the index of the terms has an entry only for records that have some. */
  readonly terms?: readonly string[];
};

type Marked = { readonly envelope: Envelope; readonly content: Content };

/** The most items of a list that a record is found by. Each item is stored once for each access key that may find it. */
const maxItems = 200;
/**
 * The most terms of a record. Each is an entry of an index, and 200 items with 7,000 access keys each would exceed the
 * 16 MB of a document.
 */
const maxTerms = 20_000;

/**
 * Derives the values that lists filter by. A value that a portion or a group hides is stored only as hashes, each bound
 * to access keys that may find it, so that no query compares it for another reader. The same holds for each item of a
 * list, of which the first 200 different ones can be found. A record has at most `maxTerms` hashes. Values that would exceed
 * them are left out, those of lists first, so no filter finds the record by them. `alsoHidden` are paths that another policy version in use hides.
 */
export function deriveFilters(
  kind: string,
  { envelope, content }: Marked,
  keyPolicy: Pick<Policy, 'searchTerms'>,
  { filterValues }: SchemaVersions,
  alsoHidden: (path: string) => boolean = () => false,
): FilterFields {
  const filters: Record<string, unknown> = {};
  const terms = new Set<string>();
  const valued = filterValues.map((one) => ({ ...one, value: valueAt(content, one.path) }));
  // A long list must not take the place of a single value.
  for (const { path, root, name, hiding, value } of valued.toSorted(singleFirst)) {
    const values = itemsOf(value);
    if (values.length === 0) continue;
    // MongoDB cannot index two lists of one document together, so the items of a list are always stored as terms.
    const isTerm = Array.isArray(value) || alsoHidden(path);
    const found = keyPolicy.searchTerms(envelope, kind, name, hiding, isTerm);
    if (found === null) setAt(filters, path, value);
    const ofEach = (found?.open.length ?? 0) + (found?.early.length ?? 0);
    // Readers must find the same items, so an item has all of its terms or none.
    const room = ofEach === 0 ? 0 : Math.floor((maxTerms - terms.size) / ofEach);
    for (const item of values.slice(0, room)) {
      for (const term of found?.open ?? []) terms.add(hashTerm('open', root, item, term));
      for (const term of found?.early ?? []) terms.add(hashTerm('early', root, item, term));
    }
  }
  return terms.size === 0 ? { filters } : { filters, terms: [...terms] };
}

/** Returns the hashes by which a reader with these terms finds a value. */
export function hashTerms(
  clock: 'open' | 'early',
  root: string,
  value: unknown,
  held: readonly string[],
): readonly string[] {
  return held.map((term) => hashTerm(clock, root, value, term));
}

/** Hashes a term with the value that it finds. The version of its policy stays legible: relabelling removes old terms. */
function hashTerm(clock: 'open' | 'early', root: string, value: unknown, term: string): string {
  const version = term.slice(0, term.indexOf('|'));
  return `${version}|${hash('sha256', JSON.stringify([clock, root, value, term]), 'base64url').slice(0, 24)}`;
}

/**
 * Returns the sort key of a record: the date of its content, or `undated` if it has none. The time of receipt if the
 * date is hidden, because the order of a list and its windows of time would disclose it.
 */
export function deriveSortAt(
  kind: string,
  { envelope, content }: Marked,
  undated: Date,
  keyPolicy: Pick<Policy, 'searchTerms'>,
  { sortBy }: SchemaVersions,
): Date {
  if (sortBy === undefined) return undated;
  const isHidden = keyPolicy.searchTerms(envelope, kind, sortBy, new Set([sortBy])) !== null;
  return isHidden ? envelope.receivedAt : (dateIn(sortBy, content) ?? undated);
}

/** Returns the paths of content that `deriveFilters` and `deriveSortAt` read. */
export function derivedFrom({ filterValues, sortBy }: SchemaVersions): readonly string[] {
  return [...new Set([...filterValues.map(({ path }) => path), ...(sortBy === undefined ? [] : [sortBy])])];
}

/** Returns whether the values of a record, or of a whole store, were derived by the rules of this program. */
export function isDerived({ derived }: { readonly derived?: number | null }): boolean {
  return derived === derivation;
}

/** Returns the value of a filter in the content. */
export function valueAt(content: Content, path: FilterValue['path']): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    return (value as Readonly<Record<string, unknown>>)[name];
  }, content);
}

/**
 * Returns the values by which a filter finds a record: the value of its field, or the first `maxItems` different items
 * if the field is a list.
 */
function itemsOf(value: unknown): readonly (string | number | boolean)[] {
  const items = (Array.isArray(value) ? value : [value]).filter(isComparable);
  return [...new Set(items)].slice(0, maxItems);
}

function singleFirst(one: { readonly value: unknown }, other: { readonly value: unknown }): number {
  return Number(Array.isArray(one.value)) - Number(Array.isArray(other.value));
}

function setAt(filters: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split('.');
  const last = names.pop() ?? '';
  const parent = names.reduce<Record<string, unknown>>((at, name) => {
    at[name] ??= {};
    return at[name] as Record<string, unknown>;
  }, filters);
  parent[last] = value;
}

/** Returns whether a list can be filtered by a value. */
export function isComparable(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
