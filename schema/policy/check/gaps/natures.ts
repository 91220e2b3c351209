import { type GraphQLObjectType, isInputObjectType } from 'graphql';
import { isPublic, type Place } from '../../language/coordinates.ts';
import type { Action } from '../../language/domain.ts';
import type { Policy } from '../../decide/policy.ts';
import { keysOf, objectTypes, type Subgraph } from './subgraph.ts';

const asking: readonly Action[] = ['read', 'search', 'aggregate', 'subscribe', 'export'];
const doing: readonly Action[] = [
  'create',
  'change',
  'move',
  'mark-up',
  'mark-down',
  'release',
  'administer',
];

/**
 * Returns a message for each type whose nature in coordinates.yaml does not fit the schema. Such a type would get the
 * wrong guard or none.
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
  if (nature === 'input') return [`${type.name}: coordinates.yaml says input, but it is an output type`];
  if (isRoot !== (nature === 'door'))
    return [
      `${type.name}: coordinates.yaml says ${nature}, but it is ${isRoot ? 'a root type' : 'not a root type'}`,
    ];
  const allowed = [asking, doing, ['subscribe']][roots.indexOf(type)];
  if (allowed === undefined) return [];
  return [...coordinates.fieldsOf(type.name)]
    .filter(([field, { action }]) => Object.hasOwn(type.getFields(), field) && !allowed.includes(action))
    .map(
      ([field, { action }]) =>
        `${type.name}.${field}: expected the action ${allowed.join(', ')}, got ${action}`,
    );
}

function findMisplacedInputs({ schema }: Subgraph, { coordinates }: Policy): readonly string[] {
  return Object.values(schema.getTypeMap())
    .filter(isInputObjectType)
    .map(({ name }) => ({ name, nature: coordinates.natureOf(name) }))
    .filter(({ nature }) => nature !== undefined && nature !== 'input')
    .map(({ name, nature }) => `${name}: coordinates.yaml says ${nature}, but it is an input type`);
}

/** Any subgraph can refer to an entity, and the hub passes its key to other communities. */
function findMisplacedKeys(subgraph: Subgraph, { coordinates }: Policy): readonly string[] {
  return keysOf(subgraph).flatMap(({ type, fields }) => {
    const nature = coordinates.natureOf(type);
    if (nature !== undefined && nature !== 'record' && nature !== 'shared')
      return [`${type}: an entity must be a record or shared, but coordinates.yaml says ${nature}`];
    const names = fields.split(/[\s,{}]+/).filter((name) => name !== '');
    return names
      .filter((name) => !mayBeKey(name, coordinates.placeOf(type, name)))
      .map((name) => `${type}.${name}: a key must be an id or public, because it leaves the community`);
  });
}

function mayBeKey(name: string, place: Place | undefined): boolean {
  return place !== undefined && (isPublic(place) || (place.nature === 'record' && name === 'id'));
}
