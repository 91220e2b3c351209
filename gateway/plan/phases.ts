import { type DocumentNode, Kind, parse, type SelectionNode } from 'graphql';
import type { PlanNames } from './names.ts';
import type { Fetch, Plan, Required, Rewrite, Step } from './plan.ts';

/** A plan in two phases: the queries that the first part of an answer needs, and the others. */
export type Phases = { readonly first: Plan | null; readonly later: Plan | null };

/** A place in the joined data: response keys from the root, joined by a line feed. */
type PlaceText = string;

/**
 * Splits a plan at the queries that answer nothing of `first`, the part of the operation that is answered at once. A query
 * that another one of the first phase depends on is in the first phase too.
 */
export function splitPlan(plan: Plan, first: DocumentNode, names: PlanNames): Phases {
  const wanted = new Set(placesOfDocument(first, (field) => names.keyOf(field)));
  // The types of an interface object are known from the subgraph that has them, whatever else it answers.
  if (names.hasInterfaceObjects) for (const place of new Set(wanted)) wanted.add(`${place}\n${typeName}`);
  const all = [...fetchesOf(plan)].map((fetch) => ({ fetch, ...placesOf(fetch, names) }));
  const chosen = new Set(all.filter(({ gives }) => gives.some((place) => wanted.has(place))));
  for (let size = -1; size !== chosen.size;) {
    size = chosen.size;
    const needed = new Set([...chosen].flatMap(({ needs }) => needs));
    for (const one of all) if (one.gives.some((place) => needed.has(place))) chosen.add(one);
  }
  const isFirst = new Set([...chosen].map(({ fetch }) => fetch));
  return {
    first: only(plan, (fetch) => isFirst.has(fetch)),
    later: only(plan, (fetch) => !isFirst.has(fetch)),
  };
}

function* fetchesOf(plan: Plan): Iterable<Fetch> {
  if (plan.kind === 'fetch') yield plan;
  else if (plan.kind === 'condition') {
    for (const below of [plan.yes, plan.no]) if (below !== null) yield* fetchesOf(below);
  } else for (const below of plan.nodes) yield* fetchesOf(below);
}

/** Returns a plan with some of its queries; null if it has none of them. */
function only(plan: Plan, isWanted: (fetch: Fetch) => boolean): Plan | null {
  if (plan.kind === 'fetch') return isWanted(plan) ? plan : null;
  if (plan.kind === 'condition') {
    const yes = plan.yes === null ? null : only(plan.yes, isWanted);
    const no = plan.no === null ? null : only(plan.no, isWanted);
    return yes === null && no === null ? null : { ...plan, yes, no };
  }
  const nodes = plan.nodes.map((below) => only(below, isWanted)).filter((below) => below !== null);
  return nodes.length === 0 ? null : { ...plan, nodes };
}

/** Returns the places that a query fills, and those that must be filled before it. */
function placesOf(
  fetch: Fetch,
  { hasInterfaceObjects }: Pick<PlanNames, 'hasInterfaceObjects'>,
): {
  readonly gives: readonly PlaceText[];
  readonly needs: readonly PlaceText[];
} {
  const document = parse(fetch.query, { noLocation: true });
  if (fetch.lookups.length === 0) {
    const base = keysOf(fetch.path);
    return {
      gives: renamed(placesOfDocument(document), fetch.after).map((place) => at(base, place)),
      needs: prefixesOf(base),
    };
  }
  const bases = fetch.lookups.flatMap((lookup) =>
    lookup.paths.map((path) => ({ lookup, base: keysOf(path) })),
  );
  const needs = bases.flatMap(({ lookup, base }) => [
    ...prefixesOf(base),
    ...placesOfRequired(lookup.required).map((place) => at(base, place)),
  ]);
  const known = new Set(needs);
  if (!hasInterfaceObjects) for (const { base } of bases) known.add(at(base, typeName));
  const gives = bases.flatMap(({ lookup, base }) =>
    renamed(placesBelow(document, lookup.key), lookup.after).map((place) => at(base, place)),
  );
  // A query often asks again for the keys that it was sent.
  return { gives: gives.filter((place) => !known.has(place)), needs };
}

/** Returns places with those that rewrites add: a query has another key where fields of two types differ. */
function renamed(given: readonly PlaceText[], rewrites: readonly Rewrite[]): readonly PlaceText[] {
  const all = [...given];
  for (const { path, key, change } of rewrites) {
    if (!('renameTo' in change)) continue;
    const from = at(keysOf(path), key);
    const to = at(keysOf(path), change.renameTo);
    for (const place of given)
      if (place === from || place.startsWith(`${from}\n`)) all.push(to + place.slice(from.length));
  }
  return all;
}

function keysOf(path: readonly Step[]): readonly string[] {
  return path.flatMap((step) => (step.kind === 'key' ? [step.key] : []));
}

function at(base: readonly string[], place: PlaceText): PlaceText {
  return [...base, place].join('\n');
}

function prefixesOf(keys: readonly string[]): readonly PlaceText[] {
  return keys.map((_key, index) => keys.slice(0, index + 1).join('\n'));
}

type KeyOf = (field: Extract<SelectionNode, { kind: Kind.FIELD }>) => string;

/** Returns the places of all fields of an operation. */
function placesOfDocument(document: DocumentNode, keyOf: KeyOf = responseKey): readonly PlaceText[] {
  const selections = document.definitions.flatMap((one) =>
    one.kind === Kind.OPERATION_DEFINITION ? one.selectionSet.selections : [],
  );
  return [...places(selections, '', fragmentsIn(document), keyOf)];
}

/** Returns the places below a root field of a query, relative to it. */
function placesBelow(document: DocumentNode, key: string): readonly PlaceText[] {
  const prefix = `${key}\n`;
  return placesOfDocument(document).flatMap((place) =>
    place.startsWith(prefix) ? [place.slice(prefix.length)] : [],
  );
}

type Fragments = ReadonlyMap<string, readonly SelectionNode[]>;

function fragmentsIn(document: DocumentNode): Fragments {
  return new Map(
    document.definitions.flatMap((one) =>
      one.kind === Kind.FRAGMENT_DEFINITION ? [[one.name.value, one.selectionSet.selections] as const] : [],
    ),
  );
}

function* places(
  selections: readonly SelectionNode[],
  prefix: string,
  fragments: Fragments,
  keyOf: KeyOf,
): Iterable<PlaceText> {
  for (const one of selections) {
    if (one.kind === Kind.FRAGMENT_SPREAD)
      yield* places(fragments.get(one.name.value) ?? [], prefix, fragments, keyOf);
    else if (one.kind === Kind.INLINE_FRAGMENT)
      yield* places(one.selectionSet.selections, prefix, fragments, keyOf);
    else {
      const key = keyOf(one);
      yield prefix + key;
      yield* places(one.selectionSet?.selections ?? [], `${prefix}${key}\n`, fragments, keyOf);
    }
  }
}

const typeName = '__typename';

const responseKey: KeyOf = ({ alias, name }) => (alias ?? name).value;

function placesOfRequired(required: readonly Required[], prefix = ''): readonly PlaceText[] {
  return required.flatMap((one): readonly PlaceText[] => {
    if (one.kind === 'fragment') return placesOfRequired(one.below, prefix);
    if (one.from === '__typename') return [];
    const own = prefix + one.from;
    return [own, ...placesOfRequired(one.below ?? [], `${own}\n`)];
  });
}
