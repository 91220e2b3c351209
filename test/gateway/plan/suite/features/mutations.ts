import { failure } from '../answers.ts';
import { createSupergraph } from '../supergraph.ts';

/** Returns fresh carts whose log records the order of the changes. */
function freshCarts() {
  return {
    Cart: ['0', '1'].map((id) => ({
      __typename: 'Cart',
      id,
      items: [] as string[],
      paid: 0,
      log: [] as string[],
    })),
  };
}

type World = ReturnType<typeof freshCarts>;
type Cart = World['Cart'][number];

/** Root fields of mutations in several subgraphs: executed in order, each with its effects visible to the next. */
export const mutations = createSupergraph({
  name: 'mutations',
  world: freshCarts,
  resolvers: (world) => {
    const change = (id: string, apply: (cart: Cart) => void) => {
      const cart = world().Cart.find((found) => found.id === id);
      if (cart !== undefined) apply(cart);
      return cart;
    };
    return {
      Query: { carts: () => world().Cart },
      Mutation: {
        add: async (_: unknown, { cart, item }: { cart: string; item: string }) => {
          // A slow change: a second root field that does not wait for it has another result.
          await new Promise((resolve) => setTimeout(resolve, 3));
          return change(cart, ({ items, log }) => {
            items.push(item);
            log.push(`add ${item}`);
          });
        },
        pay: (_: unknown, { cart, sum }: { cart: string; sum: number }) =>
          change(cart, (found) => {
            found.paid += sum;
            found.log.push(`pay ${found.items.length} for ${sum}`);
          }),
        fail: () => {
          throw failure('not possible');
        },
        mustFail: () => {
          throw failure('not possible');
        },
        clear: () =>
          world().Cart.map(({ id }) =>
            change(id, ({ items, log }) => {
              items.length = 0;
              log.push('clear');
            }),
          ),
      },
      Cart: {
        items: ({ items }: Cart) => [...items],
        log: ({ log }: Cart) => [...log],
      },
    };
  },
  subgraphs: [
    {
      name: 'carts',
      typeDefs: `
        type Query { carts: [Cart!]! }
        type Mutation { add(cart: ID!, item: String!): Cart clear: [Cart!]! fail: String }
        type Cart @key(fields: "id") { id: ID! items: [String!]! }`,
    },
    {
      name: 'payments',
      typeDefs: `
        type Mutation { pay(cart: ID!, sum: Int! = 0): Cart mustFail: String! }
        type Cart @key(fields: "id") { id: ID! paid: Int }`,
    },
    { name: 'logs', typeDefs: 'type Cart @key(fields: "id") { id: ID! log: [String!] }' },
  ],
  operations: [
    { name: 'one mutation', query: 'mutation { add(cart: "0", item: "") { id items paid log } }' },
    {
      name: 'in order over two subgraphs',
      query:
        'mutation { a: add(cart: "0", item: "x") { items } b: pay(cart: "0", sum: 3) { paid log } c: add(cart: "0", item: "y") { items log } d: pay(cart: "0") { log } }',
    },
    {
      name: 'in order in one subgraph',
      query:
        'mutation { a: add(cart: "1", item: "x") { items log } b: clear { items } c: add(cart: "1", item: "y") { items log } }',
    },
    {
      name: 'variables',
      query:
        'mutation ($cart: ID!, $item: String!, $sum: Int) { add(cart: $cart, item: $item) { items } pay(cart: $cart, sum: $sum) { paid log } }',
      variables: { cart: '1', item: 'z' },
    },
    { name: 'after a failure', query: 'mutation { fail pay(cart: "1", sum: 1) { paid log } }' },
    { name: 'failure at a non-null field', query: 'mutation { pay(cart: "1", sum: 1) { log } mustFail }' },
    {
      name: 'skipped',
      query:
        'mutation ($no: Boolean!) { add(cart: "1", item: "x") @include(if: $no) { items } pay(cart: "1", sum: 1) { log } __typename }',
      variables: { no: false },
    },
    { name: 'absent entity', query: 'mutation { pay(cart: "9") { paid log } }' },
  ],
});
