import { type DocumentNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { PartQuery } from '../plan/execute.ts';
import { clientName } from '../plan/names.ts';
import type { Step } from '../plan/plan.ts';
import type { Collected, Place } from './collected.ts';

/** The places in the reader's operation where an answer is joined: its root fields, and the entities of each response key. */
export type JoinedAt = {
  readonly root: Place;
  readonly entities: ReadonlyMap<string, readonly Place[]>;
};

/** Returns where the answer to a query is joined. */
export function joinedAt({ fetch, represented }: Pick<PartQuery, 'fetch' | 'represented'>): JoinedAt {
  const entities = represented.map(({ lookup }) => [lookup.key, lookup.paths.map(placeOf)] as const);
  return { root: placeOf(fetch.path), entities: new Map(entities) };
}

function placeOf(path: readonly Step[]): Place {
  return path.flatMap((step) => (step.kind === 'key' ? [step.key] : step.kind === 'items' ? ['@'] : []));
}

const maxPlaces = 100;
const maxKeys = 64;

/** Notes where the response of a cause (an error code, or the name of a failed subgraph) is null: at most 100 places. */
export function notePlaces(collected: Collected, cause: string, places: readonly Place[]): void {
  const noted = collected.places.get(cause) ?? [];
  const added = places.slice(0, maxPlaces - noted.length).map((place) => place.map(clientName));
  collected.places.set(cause, [...noted, ...added]);
}

/** Returns the places of all fields that a query to a subgraph asks for: the data that is missing if it fails. */
export function placesOfQuery(query: string, at: JoinedAt): readonly Place[] {
  const document = parse(query, { noLocation: true });
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  const root = operation === undefined ? [] : fieldsIn(operation.selectionSet, document);
  return root.flatMap(({ key, below }) => {
    const places = at.entities.get(key);
    if (places === undefined || below === undefined) return [[...at.root, key]];
    return fieldsIn(below, document).flatMap((field) => places.map((place) => [...place, field.key]));
  });
}

/**
 * Returns a function from the path of an error that a subgraph reports to its places: those of the whole query if it
 * reports none, or an entity as a whole. The keys are not checked here: only those that the reader's operation has reach
 * the reader. The query is parsed once at most, however many errors a subgraph sends.
 */
export function placesOfErrors(query: string, at: JoinedAt): (path: unknown) => readonly Place[] {
  let whole: readonly Place[] | undefined;
  return (path) => {
    const [first] = Array.isArray(path) ? (path as readonly unknown[]) : [];
    const places = typeof first === 'string' ? at.entities.get(first) : undefined;
    const keys = Array.isArray(path) && places !== undefined ? path.slice(2) : path;
    if (!Array.isArray(keys) || keys.length === 0) return (whole ??= placesOfQuery(query, at));
    const below = toPlace(keys.slice(0, maxKeys));
    return (places ?? [at.root]).map((place) => [...place, ...below]);
  };
}

function toPlace(path: readonly unknown[]): Place {
  return path.map((key) => (typeof key === 'string' ? key : '@'));
}

type Asked = { readonly key: string; readonly name: string; readonly below: SelectionSetNode | undefined };

/** Returns the fields of a selection set, those of its fragments included. */
function fieldsIn(set: SelectionSetNode, document: DocumentNode): readonly Asked[] {
  return set.selections.flatMap((one): readonly Asked[] => {
    if (one.kind === Kind.FIELD) {
      const name = one.name.value;
      return name === '__typename' ? [] : [{ key: one.alias?.value ?? name, name, below: one.selectionSet }];
    }
    if (one.kind === Kind.INLINE_FRAGMENT) return fieldsIn(one.selectionSet, document);
    const fragment = document.definitions.find(
      (other) => other.kind === Kind.FRAGMENT_DEFINITION && other.name.value === one.name.value,
    );
    return fragment?.kind === Kind.FRAGMENT_DEFINITION ? fieldsIn(fragment.selectionSet, document) : [];
  });
}
