import { type Action, actions } from './domain.ts';
import type { CoordinatesFile } from './language.ts';

/** The role of a type in the graph, such as a record, a shared entity or an input. */
export type TypeNature = CoordinatesFile['types'][string]['nature'];

/** The group that `coordinates.yaml` assigns a field to. `kind` is null for a field of several kinds of record. */
export type Place = {
  readonly nature: TypeNature;
  readonly kind: string | null;
  readonly group: string;
  /** The action that using the field performs: `read` by default, `subscribe` for fields of Subscription. */
  readonly action: Action;
  readonly arguments: readonly string[];
};

/** Tells whether a coordinate is in the group `Hub.public`, which every authenticated reader may use. */
export function isPublic({ kind, group }: Pick<Place, 'kind' | 'group'>): boolean {
  return kind === 'Hub' && group === 'public';
}

/** Splits `Kind.group!action` into its parts. Only the group is required; an absent part is null. */
export function readPath(path: string): { kind: string | null; group: string; action: Action | null } {
  const [place = '', action] = path.split('!');
  const [group = '', kind] = place.split('.').toReversed();
  return { kind: kind ?? null, group, action: isAction(action) ? action : null };
}

function isAction(name: string | undefined): name is Action {
  return name !== undefined && Object.hasOwn(actions, name);
}

/** An index from coordinates of the graph to their groups. A coordinate that is not in the index is refused. */
export type Coordinates = {
  natureOf(type: string): TypeNature | undefined;
  placeOf(type: string, field: string): Place | undefined;
  /** Returns the fields of a type by name. */
  fieldsOf(type: string): ReadonlyMap<string, Place>;
  readonly types: readonly string[];
};

/**
 * Indexes `coordinates.yaml`. A field of a record type belongs to that kind of record unless its path names another.
 */
export function indexCoordinates(types: CoordinatesFile['types']): Coordinates {
  const index = new Map(Object.entries(types).map(([type, entry]) => [type, placesOf(type, entry)]));
  return {
    natureOf: (type) => (Object.hasOwn(types, type) ? types[type]?.nature : undefined),
    placeOf: (type, field) => index.get(type)?.get(field),
    fieldsOf: (type) => index.get(type) ?? new Map(),
    types: [...index.keys()],
  };
}

function placesOf(
  type: string,
  { nature, fields }: CoordinatesFile['types'][string],
): ReadonlyMap<string, Place> {
  return new Map(
    Object.entries(fields).flatMap(([path, list]) => {
      const { kind, group, action } = readPath(path);
      const place = {
        nature,
        kind: kind ?? (nature === 'record' ? type : null),
        group,
        action: action ?? (type === 'Subscription' ? 'subscribe' : 'read'),
      };
      return list.map((text): [string, Place] => {
        const [name = '', argumentList] = text.split(/[()]/);
        return [name, { ...place, arguments: argumentList?.split(',') ?? [] }];
      });
    }),
  );
}
