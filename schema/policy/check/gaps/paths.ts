import { getNamedType, isObjectType } from 'graphql';
import { isPublic, type Place } from '../../language/coordinates.ts';
import type { Policy } from '../../decide/policy.ts';
import { objectTypes, type Subgraph } from './subgraph.ts';

/**
 * Ways to content past every guard, one a line. The fields of a part have no guard of their own: whoever reads the
 * field that gives it reads all of it, so each part must be of that field's kind and group.
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
        return [`${at}: an envelope is given by a record alone`];
      if (isPublic(from) && (nature === 'record' || nature === 'door'))
        return [`${at}: it is public, and gives the ${nature} ${given.name}`];
      if (nature !== 'part') return [];
      return Object.keys(given.getFields()).flatMap((inner) => {
        const to = coordinates.placeOf(given.name, inner);
        if (to === undefined || isCovered(from, to)) return [];
        return [
          `${at}: it opens ${given.name}.${inner}, which is of ${wordsFor(to)}, and is ${wordsFor(from)}`,
        ];
      });
    }),
  );
}

/** Whether the guard of one field is as strict as a field of the part that it gives needs. */
function isCovered(from: Place, to: Place): boolean {
  if (isPublic(to)) return true;
  if (isPublic(from)) return false;
  const sameKind = to.kind === null || to.kind === from.kind;
  return sameKind && (to.group === 'content' || to.group === from.group);
}

function wordsFor({ kind, group }: Place): string {
  return kind === null ? group : `${kind}.${group}`;
}
