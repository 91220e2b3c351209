import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  Kind,
  type SelectionNode,
} from 'graphql';
import type { Place } from '../dispatch/collected.ts';

/** The path of an error (GraphQL specification, section 7.1.6). */
export type ErrorPath = readonly (string | number)[];

type Data = Readonly<Record<string, unknown>> | null;

/** More errors than this for one cause are joined to one for each root field. */
export const maxPaths = 100;

const order = new Intl.Collator('en', { numeric: true });

/**
 * Returns the paths of the errors of one cause: the exact paths at which `data` is null at one of the places. If there
 * are none or more than 100, the paths end at the first list, or at the root field. Keys come from the reader's document,
 * and indices from the data that the reader gets, so a path reveals nothing. Returns at least one path if the document
 * has a field: some clients discard a response with an error without a path.
 */
export function pathsOf(places: readonly Place[], document: DocumentNode | null, data: Data): ErrorPath[] {
  if (document === null) return [];
  const known = places.map((place) => ({ place, known: knownPart(place, document) }));
  const whole = known.filter((one) => one.known.length === one.place.length).map((one) => one.place);
  const candidates = (whole.length > 0 ? whole : known.map((one) => one.known)).filter(
    ({ length }) => length > 0,
  );
  const exact = distinct(candidates.flatMap((place) => nullsAt(data, place)));
  if (exact.length > 0 && exact.length <= maxPaths) return exact;
  return atMost(candidates.length > 0 ? candidates.map(untilList) : rootFieldsWithNull(document, data));
}

/** Joins paths to those of their root fields if there are more than 100. */
export function atMost(paths: readonly ErrorPath[]): ErrorPath[] {
  const all = distinct(paths);
  return all.length > maxPaths ? distinct(all.map((path) => path.slice(0, 1))) : all;
}

/** Returns the part of a place of which the reader's document has all keys. */
function knownPart(place: Place, document: DocumentNode): Place {
  let below = rootSelections(document);
  for (const [index, key] of place.entries()) {
    if (key === '@') continue;
    const fields = fieldsOf(below, document).filter((field) => (field.alias ?? field.name).value === key);
    if (fields.length === 0) return place.slice(0, index);
    below = fields.flatMap((field) => field.selectionSet?.selections ?? []);
  }
  return place;
}

/** Returns the exact paths of a place at which the data is null. */
function nullsAt(data: unknown, place: Place, before: ErrorPath = []): ErrorPath[] {
  if (data === null || data === undefined) return before.length === 0 ? [] : [before];
  const [key, ...rest] = place;
  if (key === undefined || typeof data !== 'object') return [];
  if (key === '@')
    return Array.isArray(data) ? data.flatMap((item, index) => nullsAt(item, rest, [...before, index])) : [];
  return Object.hasOwn(data, key) ? nullsAt((data as Data)?.[key], rest, [...before, key]) : [];
}

function untilList(place: Place): ErrorPath {
  const list = place.indexOf('@');
  return list < 0 ? place : place.slice(0, list);
}

/** Returns the root fields that are null; if there are none, the first root field. */
function rootFieldsWithNull(document: DocumentNode, data: Data): ErrorPath[] {
  const keys = fieldsOf(rootSelections(document), document).map((field) => (field.alias ?? field.name).value);
  const empty = keys.filter((key) => (data?.[key] ?? null) === null);
  return (empty.length > 0 ? empty : keys.slice(0, 1)).map((key) => [key]);
}

function rootSelections(document: DocumentNode): readonly SelectionNode[] {
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet.selections : [];
}

/** Returns the fields of selections, those of their fragments included. Validation has rejected cycles. */
function fieldsOf(selections: readonly SelectionNode[], document: DocumentNode) {
  const fragments = new Map<string, FragmentDefinitionNode>(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one] as const] : [],
    ),
  );
  const seen = new Set<string>();
  const collect = (all: readonly SelectionNode[]): FieldNode[] =>
    all.flatMap((one): FieldNode[] => {
      if (one.kind === Kind.FIELD) return [one];
      if (one.kind === Kind.INLINE_FRAGMENT) return collect(one.selectionSet.selections);
      if (seen.has(one.name.value)) return [];
      seen.add(one.name.value);
      return collect(fragments.get(one.name.value)?.selectionSet.selections ?? []);
    });
  return collect(selections);
}

function distinct(paths: readonly ErrorPath[]): ErrorPath[] {
  const byText = new Map(paths.map((path) => [JSON.stringify(path), path]));
  // Subgraphs fail in any order. The order of the errors is constant.
  return [...byText].toSorted(([one], [other]) => order.compare(one, other)).map(([, path]) => path);
}
