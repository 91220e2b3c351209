/** The variables of a fetch without repeated representations. Apollo's executor sends an entity once per occurrence. */
export type Distinct = {
  readonly variables: Readonly<Record<string, unknown>>;
  /** Restores `_entities` in the order and number of the original representations. */
  expand(data: Readonly<Record<string, unknown>> | null): Readonly<Record<string, unknown>> | null;
};

/** Removes repeated representations from the variables of a fetch. */
export function distinctRepresentations(variables: Readonly<Record<string, unknown>>): Distinct {
  const all = variables['representations'];
  if (!Array.isArray(all)) return { variables, expand: (data) => data };
  const places = new Map<string, number>();
  const distinct: unknown[] = [];
  const placeOf = all.map((representation) => {
    const text = JSON.stringify(representation);
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, distinct.length);
    return distinct.push(representation) - 1;
  });
  if (distinct.length === all.length) return { variables, expand: (data) => data };
  return {
    variables: { ...variables, representations: distinct },
    expand: (data) => {
      const entities = data?.['_entities'];
      if (!Array.isArray(entities)) return data;
      return { ...data, _entities: placeOf.map((place): unknown => structuredClone(entities[place])) };
    },
  };
}
