import { isAbstractType, isInputObjectType, isObjectType } from 'graphql';
import { cachedReaderBlocks, buildSpace, type Space } from '../table/cells.ts';
import { contractFiles, findPolicyGaps, noGroup } from './coverage.ts';
import { isMachinery, readSubgraph } from './gaps/subgraph.ts';
import { findActionsWithoutCoordinate, findIdleRules, findIdleWords } from './idle.ts';
import type { Policy } from '../decide/policy.ts';
import { accessesOf, sideOf, textOf } from '../table/sides.ts';

/** The result of a check of the policy. */
export type Check = {
  /** The number of coordinates of the graph, by sort. */
  readonly coordinates: Readonly<Record<CoordinateSort, number>>;
  /** The number of all coordinates. */
  readonly all: number;
  /** The number of coordinates that have a group in coordinates.yaml. */
  readonly covered: number;
  /** Faults to correct, one message each. */
  readonly findings: readonly string[];
  /** Remarks that are not faults. */
  readonly notes: readonly string[];
  readonly cells: Cells;
};

/** The size of the truth table. A cell is a class of readers in a relation, a block of records and one access. */
export type Cells = {
  /** The number of accesses: an action on a group of fields of a kind of record. */
  readonly accesses: number;
  /** The number of cells of all accesses. */
  readonly all: number;
  /** The number of tables that differ: accesses with the same rules share a table. */
  readonly tables: number;
  /** The number of cells of these tables. */
  readonly distinct: number;
};

export type CoordinateSort = 'fields' | 'arguments' | 'input fields' | 'mutations' | 'subscriptions';

/** Checks that a policy covers the graph and that each of its rules and words has an effect. Evaluates every cell. */
export function checkPolicy(policy: Policy): Check {
  const gaps = findPolicyGaps(policy);
  const { spaces, cells } = openSpaces(policy);
  const idle = findIdleRules(policy.source, spaces);
  const words = findIdleWords(policy.source);
  const coordinates = countCoordinates();
  const all = Object.values(coordinates).reduce((sum, count) => sum + count, 0);
  return {
    coordinates,
    all,
    covered: all - gaps.filter((gap) => gap.endsWith(noGroup)).length,
    findings: [...gaps, ...findActionsWithoutCoordinate(policy), ...idle.findings, ...words.findings],
    notes: [...idle.notes, ...words.notes],
    cells,
  };
}

/** Returns the tables of a policy, one for all accesses with the same rules, and the number of cells. */
export function openSpaces({ source }: Policy): { readonly spaces: readonly Space[]; readonly cells: Cells } {
  const known = cachedReaderBlocks();
  const spaces = new Map<string, Space>();
  const accesses = accessesOf(source);
  let all = 0;
  for (const access of accesses) {
    const side = sideOf(source, access);
    const text = textOf(side);
    const space = spaces.get(text) ?? buildSpace([side], access.kind, known);
    spaces.set(text, space);
    all += space.cells;
  }
  const distinct = [...spaces.values()].reduce((sum, { cells }) => sum + cells, 0);
  return {
    spaces: [...spaces.values()],
    cells: { accesses: accesses.length, all, tables: spaces.size, distinct },
  };
}

/** Counts the coordinates of the graph by sort. A coordinate that several subgraphs share counts once. */
export function countCoordinates(): Check['coordinates'] {
  const found = new Map<string, CoordinateSort>();
  const schemas = Object.entries(contractFiles()).map(([name, sdl]) => readSubgraph(name, sdl).schema);
  for (const type of schemas.flatMap((schema) => Object.values(schema.getTypeMap()))) {
    if (isMachinery(type.name) || isAbstractType(type)) continue;
    if (isInputObjectType(type))
      for (const name of Object.keys(type.getFields())) found.set(`${type.name}.${name}`, 'input fields');
    if (!isObjectType(type)) continue;
    const sort =
      type.name === 'Mutation' ? 'mutations' : type.name === 'Subscription' ? 'subscriptions' : 'fields';
    for (const field of Object.values(type.getFields()).filter(({ name }) => !name.startsWith('_'))) {
      found.set(`${type.name}.${field.name}`, sort);
      for (const { name } of field.args) found.set(`${type.name}.${field.name}(${name}:)`, 'arguments');
    }
  }
  const count = (sort: CoordinateSort) => [...found.values()].filter((one) => one === sort).length;
  return {
    fields: count('fields'),
    arguments: count('arguments'),
    'input fields': count('input fields'),
    mutations: count('mutations'),
    subscriptions: count('subscriptions'),
  };
}
