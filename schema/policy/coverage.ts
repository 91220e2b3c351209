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
import { coordinates, type TypePolicy } from './coordinates.ts';
import { argumentsOf, fieldName } from './uses.ts';

/** Where the contract and the policy part: coordinates without a rule, rules without a coordinate, one a line. */
export function findPolicyGaps(): readonly string[] {
  const schemas = subgraphNames.map((name) => schemaOf(subgraphSdl(name)));
  const present = new Set<string>();
  const gaps = schemas.flatMap((schema) => findUnnamed(schema, present));
  return [...new Set([...gaps, ...findUnmet(present)])];
}

/** Where one subgraph's schema has what the policy does not name; it fills `present` with what it saw. */
export function findUnnamed(schema: GraphQLSchema, present: Set<string> = new Set()): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (type.name.startsWith('_') || ['Service'].includes(type.name)) return [];
    if (isInterfaceType(type) || isUnionType(type))
      return [`${type.name}: rules on abstract types are not taken`];
    if (isObjectType(type)) return findUnnamedFields(type, present);
    if (!isInputObjectType(type)) return [];
    const named = namedFields(coordinates[type.name]);
    return Object.keys(type.getFields()).flatMap((field) => {
      present.add(`${type.name}.${field}`);
      return named.has(field) ? [] : [`${type.name}.${field}: no rule names it`];
    });
  });
}

function findUnnamedFields(type: GraphQLObjectType, present: Set<string>): readonly string[] {
  const policy = Object.hasOwn(coordinates, type.name) ? coordinates[type.name] : undefined;
  const named = namedFields(policy);
  return Object.values(type.getFields()).flatMap((field) => {
    if (field.name.startsWith('_')) return [];
    const at = `${type.name}.${field.name}`;
    present.add(at);
    const rule = named.get(field.name);
    if (policy === undefined || rule === undefined) return [`${at}: no rule names it`];
    const unnamed = field.args.filter((argument) => !argumentsOf(rule).includes(argument.name));
    const tooHard = mustBeNullable(policy, field.name) && isNonNullType(field.type);
    return [
      ...unnamed.map((argument) => `${at}(${argument.name}:): no rule names it`),
      ...(tooHard ? [`${at}: a guarded field must be nullable`] : []),
    ];
  });
}

/** A field that may be hidden, or that another subgraph contributes, must be able to be null. */
function mustBeNullable(policy: TypePolicy, field: string): boolean {
  if (policy.nature === 'part') return false;
  if (policy.nature === 'record') return field !== 'id';
  if (policy.nature === 'shared') return !(policy.anyone ?? []).map(fieldName).includes(field);
  return true;
}

function findUnmet(present: ReadonlySet<string>): readonly string[] {
  return Object.entries(coordinates).flatMap(([type, policy]) =>
    [...namedFields(policy).keys()]
      .filter((field) => !present.has(`${type}.${field}`))
      .map((field) => `${type}.${field}: a rule names what does not exist`),
  );
}

function namedFields(policy: TypePolicy | undefined): ReadonlyMap<string, string> {
  const fields = [...(policy?.anyone ?? []), ...(policy?.content ?? []), ...(policy?.insider ?? [])];
  return new Map(fields.map((field) => [fieldName(field), field]));
}

function schemaOf(sdl: string): GraphQLSchema {
  const definitions = parse(sdl).definitions.filter(
    (definition) => definition.kind !== Kind.SCHEMA_EXTENSION,
  );
  return buildASTSchema({ kind: Kind.DOCUMENT, definitions }, { assumeValidSDL: true });
}
