import type { BenchSubgraph } from './subgraph-schemas.ts';

const fields = ['a', 'b', 'c', 'd', 'e', 'f'];
type Item = { readonly id: string };

/** Seven subgraphs that can all answer all fields, so that a planner has many equal plans to choose from. */
export const everywhere: readonly BenchSubgraph[] = Array.from({ length: 7 }, (_, at) => ({
  name: `copy${at + 1}`,
  sdl: `
    type Query { items: [Item!]! @shareable }
    type Item @key(fields: "id") { id: ID! ${fields.map((name) => `${name}: Int @shareable`).join(' ')}
      left: Item @shareable right: Item @shareable only${at + 1}: Int }`,
  resolvers: {
    Query: { items: () => [{ id: '1' }, { id: '2' }] },
    Item: {
      __resolveReference: ({ id }: Item) => ({ id }),
      left: ({ id }: Item) => ({ id: `${Number(id) * 2}` }),
      right: ({ id }: Item) => ({ id: `${Number(id) * 2 + 1}` }),
      [`only${at + 1}`]: ({ id }: Item) => Number(id) + at,
      ...Object.fromEntries(fields.map((name, number) => [name, ({ id }: Item) => Number(id) + number])),
    },
  },
}));

/** Returns an operation over all copies. Each number gives another operation, so that no plan is cached. */
export function distinctOperation(number: number): string {
  const own = `a b alias${number}: c`;
  return `query Cold${number} { items { ${own} only1 left { ${own} only2 right { d e only3 } }
    right { ${own} only4 left { e f only5 right { a only6 } } } } }`;
}
