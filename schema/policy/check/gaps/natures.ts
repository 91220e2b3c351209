import { type GraphQLObjectType, isInputObjectType } from 'graphql';
import { isPublic, type Place } from '../../language/coordinates.ts';
import type { Action } from '../../language/domain.ts';
import type { Policy } from '../../decide/policy.ts';
import { keysOf, objectTypes, type Subgraph } from './subgraph.ts';

const asking: readonly Action[] = ['read', 'search', 'aggregate', 'export'];
const doing: readonly Action[] = ['create', 'change', 'mark-up', 'mark-down', 'release', 'administer'];

/**
 * Where the policy takes a type for something else than the schema does, so that the wrong guard, or none, would
 * stand at it: one a line.
 */
export function findMisplaced(subgraph: Subgraph, policy: Policy): readonly string[] {
  return [
    ...objectTypes(subgraph.schema).flatMap((type) => findMisplacedType(type, subgraph, policy)),
    ...findMisplacedInputs(subgraph, policy),
    ...findMisplacedKeys(subgraph, policy),
  ];
}

function findMisplacedType(
  type: GraphQLObjectType,
  { schema }: Subgraph,
  { coordinates }: Policy,
): readonly string[] {
  const nature = coordinates.natureOf(type.name);
  if (nature === undefined) return [];
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const isRoot = roots.includes(type);
  if (nature === 'input') return [`${type.name}: the policy calls it an input, and it is given out`];
  if (isRoot !== (nature === 'door'))
    return [`${type.name}: the policy calls it a ${nature}, and it is ${isRoot ? 'a root type' : 'no root'}`];
  const allowed = [asking, doing, ['subscribe']][roots.indexOf(type)];
  if (allowed === undefined) return [];
  return [...coordinates.fieldsOf(type.name)]
    .filter(([field, { action }]) => Object.hasOwn(type.getFields(), field) && !allowed.includes(action))
    .map(
      ([field, { action }]) =>
        `${type.name}.${field}: a rule for one of ${allowed.join(', ')} is needed, and this one is to ${action}`,
    );
}

function findMisplacedInputs({ schema }: Subgraph, { coordinates }: Policy): readonly string[] {
  return Object.values(schema.getTypeMap())
    .filter(isInputObjectType)
    .map(({ name }) => ({ name, nature: coordinates.natureOf(name) }))
    .filter(({ nature }) => nature !== undefined && nature !== 'input')
    .map(({ name, nature }) => `${name}: the policy calls it a ${nature}, and it is an input`);
}

/** An entity is reached by a reference from anywhere, and its key goes through the hub to other communities. */
function findMisplacedKeys(subgraph: Subgraph, { coordinates }: Policy): readonly string[] {
  return keysOf(subgraph).flatMap(({ type, fields }) => {
    const nature = coordinates.natureOf(type);
    if (nature !== undefined && nature !== 'record' && nature !== 'shared')
      return [`${type}: an entity is a record or shared, and the policy calls it a ${nature}`];
    const names = fields.split(/[\s,{}]+/).filter((name) => name !== '');
    return names
      .filter((name) => !mayBeKey(name, coordinates.placeOf(type, name)))
      .map((name) => `${type}.${name}: a key is an id or public, since it leaves the community`);
  });
}

function mayBeKey(name: string, place: Place | undefined): boolean {
  return place !== undefined && (isPublic(place) || (place.nature === 'record' && name === 'id'));
}
