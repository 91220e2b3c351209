import type { CoordinatesFile } from './language.ts';

export type TypeNature = CoordinatesFile['types'][string]['nature'];

/** Where a coordinate belongs: a group of fields, of one kind of record (null: of whichever carries it). */
export type Place = {
  readonly nature: TypeNature;
  readonly kind: string | null;
  readonly group: string;
  readonly arguments: readonly string[];
};

/** Which group every coordinate of the graph belongs to; what is not there is refused. */
export type Coordinates = {
  natureOf(type: string): TypeNature | undefined;
  placeOf(type: string, field: string): Place | undefined;
  /** Every field of a type that is named, with its place. */
  fieldsOf(type: string): ReadonlyMap<string, Place>;
  readonly types: readonly string[];
};

/** Reads the coordinates' file into an index. A record's own fields are of its own kind. */
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
      const [group = '', kind] = path.split('.').toReversed();
      const own = kind ?? (nature === 'record' ? type : null);
      return list.map((text): [string, Place] => {
        const [name = '', inside] = text.split(/[()]/);
        return [name, { nature, kind: own, group, arguments: inside?.split(',') ?? [] }];
      });
    }),
  );
}
