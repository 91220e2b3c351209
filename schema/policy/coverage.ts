import {
  buildASTSchema,
  type GraphQLObjectType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
  Kind,
  parse,
} from 'graphql';
import { subgraphNames, subgraphSdl } from '../sources.ts';
import type { Place } from './coordinates.ts';
import type { Policy } from './policy.ts';

/** Where the contract and the policy part: coordinates without a rule, rules without a coordinate, one a line. */
export function findPolicyGaps(policy: Policy): readonly string[] {
  const schemas = subgraphNames.map((name) => schemaOf(subgraphSdl(name)));
  const present = new Set<string>();
  const gaps = schemas.flatMap((schema) => findUnnamed(schema, policy, present));
  return [...new Set([...gaps, ...findUnmet(policy, present)])];
}

/** Where one subgraph's schema has what the policy does not name; it fills `present` with what it saw. */
export function findUnnamed(
  schema: GraphQLSchema,
  policy: Policy,
  present: Set<string> = new Set(),
): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('_') || ['Service'].includes(type.name)) return [];
    if (isInterfaceType(type) || isUnionType(type))
      return [`${type.name}: rules on abstract types are not taken`];
    if (isObjectType(type)) return findUnnamedFields(type, policy, present);
    if (!isInputObjectType(type)) return [];
    return Object.keys(type.getFields()).flatMap((field) => {
      present.add(`${type.name}.${field}`);
      const isNamed = policy.coordinates.placeOf(type.name, field) !== undefined;
      return isNamed ? [] : [`${type.name}.${field}: no rule names it`];
    });
  });
}

function findUnnamedFields(
  type: GraphQLObjectType,
  { coordinates }: Policy,
  present: Set<string>,
): readonly string[] {
  return Object.values(type.getFields()).flatMap((field) => {
    if (field.name.startsWith('_')) return [];
    const at = `${type.name}.${field.name}`;
    present.add(at);
    const place = coordinates.placeOf(type.name, field.name);
    if (place === undefined) return [`${at}: no rule names it`];
    const unnamed = field.args.filter((argument) => !place.arguments.includes(argument.name));
    const tooHard = mustBeNullable(place, field.name) && isNonNullType(field.type);
    return [
      ...unnamed.map((argument) => `${at}(${argument.name}:): no rule names it`),
      ...(tooHard ? [`${at}: a guarded field must be nullable`] : []),
    ];
  });
}

/** A field that may be hidden, or that another subgraph contributes, must be able to be null. */
function mustBeNullable({ nature, kind, group }: Place, field: string): boolean {
  if (nature === 'part') return false;
  if (nature === 'record') return field !== 'id';
  if (nature === 'shared') return !isPublic({ kind, group });
  return true;
}

/** Whether a coordinate is the hub's own public side, which every token holder may use. */
export function isPublic({ kind, group }: Pick<Place, 'kind' | 'group'>): boolean {
  return kind === 'Hub' && group === 'public';
}

function findUnmet(policy: Policy, present: ReadonlySet<string>): readonly string[] {
  const { coordinates, source } = policy;
  return coordinates.types.flatMap((type) =>
    [...coordinates.fieldsOf(type)]
      .filter(([field, { kind }]) => {
        const isAnnounced = kind !== null && source.domain.kinds[kind]?.announced === true;
        return !present.has(`${type}.${field}`) && !isAnnounced;
      })
      .map(([field]) => `${type}.${field}: a rule names what does not exist`),
  );
}

function schemaOf(sdl: string): GraphQLSchema {
  const definitions = parse(sdl).definitions.filter(
    (definition) => definition.kind !== Kind.SCHEMA_EXTENSION,
  );
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true });
}
