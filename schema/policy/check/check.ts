import { isAbstractType, isInputObjectType, isObjectType } from 'graphql';
import { cachedReaderBlocks, buildSpace, type Space } from '../table/cells.ts';
import { contractFiles, findPolicyGaps } from './coverage.ts';
import { isMachinery, readSubgraph } from './gaps/subgraph.ts';
import { findIdleRules, findIdleWords } from './idle.ts';
import type { Policy } from '../decide/policy.ts';
import { accessesOf, sideOf, textOf } from '../table/sides.ts';

/** What a check of the policy found. */
export type Check = {
  /** Coordinates of the graph: how many there are, and how many of them a rule's group names. */
  readonly coordinates: Readonly<Record<CoordinateSort, number>>;
  readonly all: number;
  readonly covered: number;
  /** What must be mended, one a line. */
  readonly findings: readonly string[];
  /** What is worth knowing and wrong for nobody. */
  readonly notes: readonly string[];
  readonly cells: Cells;
};

/** How large the truth table is. A cell: readers in a relation, a block of records, one access. */
export type Cells = {
  /** Actions on groups of fields of kinds of record. */
  readonly accesses: number;
  /** Cells of all of them, each kind counted for itself. */
  readonly all: number;
  /** Tables that differ, and their cells: kinds and actions that the same rules speak of counted once. */
  readonly tables: number;
  readonly distinct: number;
};

export type CoordinateSort = 'fields' | 'arguments' | 'input fields' | 'mutations' | 'subscriptions';

/** Checks a policy against the graph and against itself, over every cell of its truth table. */
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
    covered: all - gaps.filter((gap) => gap.endsWith(': no rule names it')).length,
    findings: [...gaps, ...idle.findings, ...words.findings],
    notes: [...idle.notes, ...words.notes],
    cells,
  };
}

/** Every table of a policy, those that the same rules speak of once, and how many cells there are. */
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

/** How many coordinates of each sort the graph has, those that several subgraphs share once. */
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
