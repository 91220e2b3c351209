import { type Action, actions } from './domain.ts';
import type { CoordinatesFile } from './language.ts';

export type TypeNature = CoordinatesFile['types'][string]['nature'];

/** Where a coordinate belongs: a group of fields, of one kind of record (null: of whichever carries it). */
export type Place = {
  readonly nature: TypeNature;
  readonly kind: string | null;
  readonly group: string;
  /** What whoever uses it does: to read, unless it says otherwise or is a subscription. */
  readonly action: Action;
  readonly arguments: readonly string[];
};

/** Whether a coordinate is the hub's own public side, which every token holder may use. */
export function isPublic({ kind, group }: Pick<Place, 'kind' | 'group'>): boolean {
  return kind === 'Hub' && group === 'public';
}

/** The parts of `Kind.group!action`, of which only the group must be there. */
export function readPath(path: string): { kind: string | null; group: string; action: Action | null } {
  const [place = '', action] = path.split('!');
  const [group = '', kind] = place.split('.').toReversed();
  return { kind: kind ?? null, group, action: isAction(action) ? action : null };
}

function isAction(word: string | undefined): word is Action {
  return word !== undefined && Object.hasOwn(actions, word);
}

/** Which group every coordinate of the graph belongs to; what is not there is refused. */
export type Coordinates = {
  natureOf(type: string): TypeNature | undefined;
  placeOf(type: string, field: string): Place | undefined;
  /** Every field of a type that is named, with its place. */
  fieldsOf(type: string): ReadonlyMap<string, Place>;
  readonly types: readonly string[];
};

/** Reads the coordinates' file into an index. A record's fields are of its own kind, unless they name another. */
export function indexCoordinates(types: CoordinatesFile['types']): Coordinates {
  const index = new Map(Object.entries(types).map(([type, said]) => [type, placesOf(type, said)]));
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
        const [name = '', inside] = text.split(/[()]/);
        return [name, { ...place, arguments: inside?.split(',') ?? [] }];
      });
    }),
  );
}
