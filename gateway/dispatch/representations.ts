/** The stock executor sends one entity as often as it is met: each is asked once, and its answer given back to all. */
export type Distinct = {
  readonly variables: Readonly<Record<string, unknown>>;
  /** Gives the answer's `_entities` back in the order and number that were asked. */
  expand(data: Readonly<Record<string, unknown>> | null): Readonly<Record<string, unknown>> | null;
};

/** Takes repeated representations out of a fetch's variables. */
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
