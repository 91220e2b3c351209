import type { GraphQLDataSourceProcessOptions } from '@apollo/gateway';
import { type DocumentNode, Kind, parse, type SelectionSetNode } from 'graphql';
import type { Collected, Place } from './collected.ts';

/** The place in the reader's operation where the planner joins a response, as the planner states it. */
type JoinedAt = readonly (string | number)[] | undefined;

/** Returns where the planner joins a response. Its type has the path for operations only. */
export function joinedAt(options: GraphQLDataSourceProcessOptions): JoinedAt {
  return 'pathInIncomingRequest' in options ? options.pathInIncomingRequest : undefined;
}

const maxPlaces = 100;
const maxKeys = 64;

/** Notes where the response of a cause (an error code, or the name of a failed subgraph) is null: at most 100 places. */
export function notePlaces(collected: Collected, cause: string, places: readonly Place[]): void {
  const noted = collected.places.get(cause) ?? [];
  collected.places.set(cause, [...noted, ...places].slice(0, maxPlaces));
}

/** Returns the places of all fields that a query to a subgraph asks for: the data that is missing if it fails. */
export function placesOfQuery(query: string, at: JoinedAt): readonly Place[] {
  const document = parse(query, { noLocation: true });
  const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION);
  const root = operation === undefined ? [] : fieldsIn(operation.selectionSet, document);
  return root.flatMap(({ key, name, below }) => {
    if (name !== '_entities' || below === undefined) return [[...toPlace(at), key]];
    return fieldsIn(below, document).map((field) => [...toPlace(at), field.key]);
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
    const keys = Array.isArray(path) && path[0] === '_entities' ? path.slice(2) : path;
    if (!Array.isArray(keys) || keys.length === 0) return (whole ??= placesOfQuery(query, at));
    return [[...toPlace(at), ...toPlace(keys.slice(0, maxKeys))]];
  };
}

function toPlace(path: readonly unknown[] | undefined): Place {
  return (path ?? []).map((key) => (typeof key === 'string' ? key : '@'));
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
