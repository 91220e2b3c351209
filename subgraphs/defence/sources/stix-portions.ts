import { isDeepStrictEqual } from 'node:util';
import { RejectError } from '../../serve/record/reject.ts';
import { type Definitions, joinMarkings, type StixMarking } from './stix-marking.ts';
import type { StixObject } from './stix-shape.ts';

/** A marking of parts of an object, given by selectors (STIX 2.1, section 7.2.3). */
export type Granular = { readonly marking: StixMarking; readonly selectors: readonly string[] };

/** Properties that every reader of the record sees, so that they cannot be hidden. */
const structural: ReadonlySet<string> = new Set([
  'type',
  'id',
  'created_by_ref',
  'relationship_type',
  'source_ref',
  'target_ref',
]);
const selectorForm = /^[a-z0-9_-]{1,250}(?:\.(?:\[\d{1,9}\]|[^.[\]]{1,250}))*$/i;

/**
 * Reads the granular markings of an object, one for each different marking. A granular marking that only sets a
 * language is skipped. Throws WRONG_MARKING for an invalid selector and for a property that cannot be hidden.
 */
export function readGranular(object: StixObject, definitions: Definitions): readonly Granular[] {
  const marked = (object.granular_markings ?? []).filter(({ marking_ref: ref }) => ref);
  const byRef = Map.groupBy(marked, ({ marking_ref: ref }) => ref ?? '');
  const read = [...byRef].map(([ref, ones]) => ({
    marking: definitions.read([ref]),
    selectors: ones.flatMap(({ selectors }) => selectors),
  }));
  for (const { selectors } of read) checkSelectors(selectors);
  const byMarking = Map.groupBy(read, ({ marking }) => JSON.stringify(marking));
  return [...byMarking.values()].map((ones) => ({
    marking: joinMarkings(ones.map(({ marking }) => marking)),
    selectors: ones.flatMap(({ selectors }) => selectors),
  }));
}

function checkSelectors(selectors: readonly string[]): void {
  for (const selector of selectors) {
    if (!selectorForm.test(selector))
      throw new RejectError(
        'WRONG_MARKING',
        'granular_markings: expected a selector of STIX 2.1, section 7.2.3.1',
      );
    if (structural.has(selector.split('.')[0] ?? '')) {
      throw new RejectError(
        'WRONG_MARKING',
        'granular_markings: a selector of a property that cannot be hidden',
      );
    }
  }
}

/** Returns a copy of an object without the selected parts. */
export function withoutParts(object: StixObject, selectors: readonly string[]): StixObject {
  const copy = structuredClone(object);
  for (const selector of selectors) remove(copy, selector.split('.'));
  return compact(copy) as StixObject;
}

/** Returns the fields of content that change if the selected parts are removed: they depend on those parts. */
export function fieldsThatDiffer(
  whole: Readonly<Record<string, unknown>>,
  without: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.keys(whole).filter((name) => !isDeepStrictEqual(whole[name], without[name]));
}

function remove(from: unknown, [step = '', ...rest]: readonly string[]): void {
  if (typeof from !== 'object' || from === null) return;
  const key = Array.isArray(from) ? (/^\[(\d+)\]$/.exec(step)?.[1] ?? '') : step;
  if (!Object.hasOwn(from, key)) return;
  const inside = from as Record<string, unknown>;
  // An undefined item keeps the indexes of the list valid for the selectors that follow.
  if (rest.length === 0) inside[key] = undefined;
  else remove(inside[key], rest);
}

function compact(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((item) => item !== undefined).map(compact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, compact(inner)]));
}
