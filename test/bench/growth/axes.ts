import { operations } from '../engine/shop.ts';

/** A direction of growth: its levels, and the queries and connections at each level. */
export type Axis = {
  readonly name: 'entities' | 'operations' | 'connections';
  readonly summary: string;
  readonly levels: readonly number[];
  queries(level: number): readonly string[];
  connections(level: number): number;
};

/** The connections where their number is not what grows. */
const usual = 8;

/** The directions of growth. All answers of one level have the same number of bytes. */
export const axes: readonly Axis[] = [
  {
    name: 'entities',
    summary: 'answers of 10 to 10,000 entities, each joined from two subgraphs',
    levels: [10, 100, 1000, 10_000],
    queries: (count) => [`query Entities { catalogue(count: ${count}) { upc name inStock } }`],
    connections: () => usual,
  },
  {
    name: 'operations',
    summary: '1 to 1,000 distinct operations in turn',
    levels: [1, 10, 100, 1000],
    queries: (count) => Array.from({ length: count }, (_, at) => distinct(at)),
    connections: () => usual,
  },
  {
    name: 'connections',
    summary: 'one operation over 1 to 1,000 connections',
    levels: [1, 10, 100, 1000],
    queries: () => [operations.mid],
    connections: (count) => count,
  },
];

/** Returns an operation of the size `mid`. Each number gives another document and an answer of as many bytes. */
function distinct(number: number): string {
  const alias = `alias${String(number).padStart(4, '0')}`;
  return operations.mid.replace('body', `${alias}: body`);
}
