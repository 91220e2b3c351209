import { getNamedType, isObjectType } from 'graphql';
import { isPublic, type Place } from '../../language/coordinates.ts';
import type { Policy } from '../../decide/policy.ts';
import { objectTypes, type Subgraph } from './subgraph.ts';

/**
 * Returns a message for each path to content that bypasses the guards. The fields of a part have no guard: a reader of
 * the field that returns the part reads all of it. Each part must therefore have the kind and group of that field.
 */
export function findOpenPaths({ schema }: Subgraph, { coordinates }: Policy): readonly string[] {
  return objectTypes(schema).flatMap((type) =>
    Object.values(type.getFields()).flatMap((field) => {
      const from = coordinates.placeOf(type.name, field.name);
      const given = getNamedType(field.type);
      if (from === undefined || !isObjectType(given)) return [];
      const at = `${type.name}.${field.name}`;
      const nature = coordinates.natureOf(given.name);
      if (nature === 'envelope' && from.nature !== 'record')
        return [`${at}: only a record may return an envelope`];
      if (isPublic(from) && (nature === 'record' || nature === 'door'))
        return [
          `${at}: a public field must not return the ${nature === 'door' ? 'root type' : nature} ${given.name}`,
        ];
      if (nature !== 'part') return [];
      return Object.keys(given.getFields()).flatMap((inner) => {
        const to = coordinates.placeOf(given.name, inner);
        if (to === undefined || isCovered(from, to)) return [];
        return [
          `${at}: it returns ${given.name}.${inner} of the group ${formatPlace(to)}, but has the group ${formatPlace(from)}`,
        ];
      });
    }),
  );
}

/** Returns true if the guard of a field is strict enough for a field of the part that it returns. */
function isCovered(from: Place, to: Place): boolean {
  if (isPublic(to)) return true;
  if (isPublic(from)) return false;
  const sameKind = to.kind === null || to.kind === from.kind;
  return sameKind && (to.group === 'content' || to.group === from.group);
}

function formatPlace({ kind, group }: Place): string {
  return kind === null ? group : `${kind}.${group}`;
}
