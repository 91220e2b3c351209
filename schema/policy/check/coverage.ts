import {
  type GraphQLObjectType,
  type GraphQLSchema,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isUnionType,
} from 'graphql';
import type { Community } from '../../record/vocabulary.ts';
import { subgraphNames, subgraphSdl } from '../../sources.ts';
import { isPublic, type Place } from '../language/coordinates.ts';
import { findForeignDirectives } from './gaps/directives.ts';
import { findMoved } from './gaps/moved.ts';
import { findMisplaced } from './gaps/natures.ts';
import { findForeignFields } from './gaps/owners.ts';
import { findOpenPaths } from './gaps/paths.ts';
import { isMachinery, readSubgraph } from './gaps/subgraph.ts';
import type { Policy } from '../decide/policy.ts';

/** The SDL of each subgraph, by its name. */
export type ContractFiles = Readonly<Record<string, string>>;

/** The end of the message for a coordinate that coordinates.yaml does not name. */
export const noGroup = ': no group in coordinates.yaml';

/**
 * Compares the contract with the policy. Returns a message for each coordinate without a group, each entry of
 * coordinates.yaml without a coordinate, and each fault that `findSubgraphGaps` finds.
 */
export function findPolicyGaps(policy: Policy, files: ContractFiles = contractFiles()): readonly string[] {
  const present = new Set<string>();
  const gaps = Object.entries(files).flatMap(([name, sdl]) => findSubgraphGaps(policy, name, sdl, present));
  return [...new Set([...gaps, ...findAbsent(policy, present)])];
}

/**
 * Returns a message for each fault of one subgraph's SDL: a coordinate without a group, a type with the wrong nature,
 * and each use of federation that bypasses a guard. A fault stops the composition and the start of the subgraph. Adds
 * the coordinates of the subgraph to `present`.
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

/** Returns a function that finds the gaps of a policy in one community's subgraph. */
export function gapsOf(name: Community): (policy: Policy) => readonly string[] {
  return (policy) => findSubgraphGaps(policy, name, subgraphSdl(name));
}

/**
 * Returns a message for each coordinate of a schema without a group, and for each guarded field that is not nullable.
 * Adds the coordinates to `present`.
 */
export function findUnnamed(
  schema: GraphQLSchema,
  policy: Policy,
  present: Set<string> = new Set(),
): readonly string[] {
  return Object.values(schema.getTypeMap()).flatMap((type) => {
    if (isMachinery(type.name)) return [];
    if (isInterfaceType(type) || isUnionType(type))
      return [
        `${type.name}: interfaces and unions are not supported, because graphql-shield ignores rules on them`,
      ];
    if (isObjectType(type)) return findUnnamedFields(type, policy, present);
    if (!isInputObjectType(type)) return [];
    return Object.keys(type.getFields()).flatMap((field) => {
      present.add(`${type.name}.${field}`);
      const isNamed = policy.coordinates.placeOf(type.name, field) !== undefined;
      return isNamed ? [] : [`${type.name}.${field}${noGroup}`];
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
    if (place === undefined) return [`${at}${noGroup}`];
    const unnamed = field.args.filter((argument) => !place.arguments.includes(argument.name));
    const mustChange = mustBeNullable(place, field.name) && isNonNullType(field.type);
    return [
      ...unnamed.map((argument) => `${at}(${argument.name}:)${noGroup}`),
      ...(mustChange ? [`${at}: a guarded field must be nullable`] : []),
    ];
  });
}

/** A field that the policy can hide, or that another subgraph contributes, must be nullable. */
function mustBeNullable({ nature, kind, group }: Place, field: string): boolean {
  if (nature === 'part') return false;
  if (nature === 'record') return field !== 'id';
  if (nature === 'shared') return !isPublic({ kind, group });
  return true;
}

function findAbsent(policy: Policy, present: ReadonlySet<string>): readonly string[] {
  const { coordinates, source } = policy;
  return coordinates.types.flatMap((type) =>
    [...coordinates.fieldsOf(type)]
      .filter(([field, { kind }]) => {
        const isAnnounced = kind !== null && source.domain.kinds[kind]?.announced === true;
        return !present.has(`${type}.${field}`) && !isAnnounced;
      })
      .map(([field]) => `${type}.${field}: in coordinates.yaml, but not in the graph`),
  );
}

/** Returns the SDL of every subgraph, including the hub's own. */
export function contractFiles(): ContractFiles {
  return Object.fromEntries(subgraphNames.map((name) => [name, subgraphSdl(name)]));
}
