import { createSupergraph } from '../supergraph.ts';

const shops = [
  { __typename: 'Shop', id: '1', currency: 'EUR', rate: 0, itemIds: ['1', '2'] },
  { __typename: 'Shop', id: '2', currency: '', rate: 3, itemIds: ['2', '0'] },
];
const items = ['0', '1', '2'].map((id) => ({
  __typename: 'Item',
  id,
  name: `Item ${id}`,
  amount: Number(id),
}));

type Item = (typeof items)[number] & { readonly shop?: (typeof shops)[number] };

/** `@context` and `@fromContext`: arguments that get their value from an object above. */
export const context = createSupergraph({
  name: 'context',
  world: () => ({ Shop: shops, Item: items }),
  resolvers: (world) => ({
    Query: { shops: () => world().Shop },
    Shop: {
      items: (shop: (typeof shops)[number]) =>
        shop.itemIds.map((id) => ({ ...world().Item.find((item) => item.id === id), shop })),
      best: (shop: (typeof shops)[number]) => ({
        ...world().Item.find((item) => item.id === shop.itemIds[0]),
        shop,
      }),
    },
    Item: {
      price: ({ amount }: Item, { currency, tax = 1 }: { currency?: string; tax?: number }) =>
        `${amount * tax} ${currency}`,
      scaled: ({ amount }: Item, { rate }: { rate?: number }) => amount * (rate ?? -1),
    },
  }),
  merged: () => ({
    Item: {
      price: ({ amount, shop }: Item, { tax }: { tax: number }) => `${amount * tax} ${shop?.currency}`,
      scaled: ({ amount, shop }: Item) => amount * (shop?.rate ?? -1),
    },
  }),
  subgraphs: [
    {
      name: 'shops',
      typeDefs: `
        type Query { shops: [Shop!]! }
        type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String! rate: Int! items: [Item] best: Item }
        type Item @key(fields: "id") { id: ID!
          price(tax: Int! = 1, currency: String @fromContext(field: "$shop { currency }")): String
          scaled(rate: Int @fromContext(field: "$shop { rate }")): Int }`,
    },
    { name: 'names', typeDefs: 'type Item @key(fields: "id") { id: ID! name: String amount: Int }' },
  ],
  operations: [
    { name: 'from the parent', query: '{ shops { items { price } } }' },
    { name: 'two values from the parent', query: '{ shops { items { id price(tax: 2) scaled name } } }' },
    { name: 'with another argument', query: '{ shops { best { a: price(tax: 0) b: price(tax: 5) } } }' },
    {
      name: 'with a variable',
      query: 'query ($tax: Int!) { shops { id best { price(tax: $tax) amount } } }',
      variables: { tax: 0 },
    },
  ],
});
