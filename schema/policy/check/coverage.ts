import {
  type GraphQLObjectType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import { subgraphNames, subgraphSdl } from '../../sources.ts';
import { isPublic, type Place } from '../language/coordinates.ts';
import { findForeignDirectives } from './gaps/directives.ts';
import { findMoved } from './gaps/moved.ts';
import { findMisplaced } from './gaps/natures.ts';
import { findForeignFields } from './gaps/owners.ts';
import { findOpenPaths } from './gaps/paths.ts';
import { isMachinery, readSubgraph } from './gaps/subgraph.ts';
import type { Policy } from '../decide/policy.ts';

/** The files of the contract by subgraph, as SDL. */
export type ContractFiles = Readonly<Record<string, string>>;

/** Where the contract and the policy part: coordinates without a rule, rules without a coordinate, one a line. */
export function findPolicyGaps(policy: Policy, files: ContractFiles = contractFiles()): readonly string[] {
  const present = new Set<string>();
  const gaps = Object.entries(files).flatMap(([name, sdl]) => findSubgraphGaps(policy, name, sdl, present));
  return [...new Set([...gaps, ...findUnmet(policy, present)])];
}

/**
 * What keeps one subgraph from starting, and all of them from being composed, one a line: what no rule names, what
 * stands at the wrong place, and every way of the federation around a guard. It fills `present` with what it saw.
 */
export function findSubgraphGaps(
  policy: Policy,
  name: string,
  sdl: string,
  present: Set<string> = new Set(),
): readonly string[] {
  const subgraph = readSubgraph(name, sdl);
  const beyond = [
    ...findForeignDirectives(subgraph),
    ...findMisplaced(subgraph, policy),
    ...findForeignFields(subgraph, policy),
    ...findOpenPaths(subgraph, policy),
    ...findMoved(subgraph, policy),
  ];
  return [...findUnnamed(subgraph.schema, policy, present), ...beyond.map((gap) => `${name}: ${gap}`)];
}

/** Where one subgraph's schema has what the policy does not name; it fills `present` with what it saw. */
export function findUnnamed(
  schema: GraphQLSchema,
  policy: Policy,
  present: Set<string> = new Set(),
): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isMachinery(type.name)) return [];
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
    if (isMachinery(field.name)) return [];
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

/** The SDL of every subgraph, the hub's own included. */
export function contractFiles(): ContractFiles {
  return Object.fromEntries(subgraphNames.map((name) => [name, subgraphSdl(name)]));
}
