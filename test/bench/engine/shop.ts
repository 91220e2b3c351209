import type { BenchSubgraph } from './subgraph-schemas.ts';

const userNames = ['Ada', 'Blaise', 'Carl', 'Dorothy', 'Emmy', 'Felix'];
const users = userNames.map((name, at) => ({
  id: `${at + 1}`,
  name: `${name} Example`,
  username: `@${name.toLowerCase()}`,
  birthday: `19${30 + at}-12-0${at + 1}`,
}));
const things = ['Table', 'Couch', 'Glass', 'Chair', 'Lamp', 'Shelf', 'Bed', 'Clock', 'Mirror'];
const products = things.map((name, at) => ({
  upc: `${at + 1}`,
  name,
  price: at === 2 ? 0 : 100 * at + 99,
  weight: 50 * at,
  inStock: at % 3 !== 0,
}));
const reviews = Array.from({ length: 22 }, (_, at) => ({
  id: `${at + 1}`,
  body: `Review ${at + 1}: ${at % 2 === 0 ? 'it does what it should' : 'too expensive, but it will last'}`,
  author: `${(at % users.length) + 1}`,
  product: `${((at * 2) % 5) + 1}`,
}));

/** The texts of the long list have this length, so that an answer of 20000 rows has over 8 MiB. */
const longText = 'An answer is long if somebody asks for all of it. '.repeat(4);

type User = { readonly id: string };
type Product = { readonly upc: string };
type Review = (typeof reviews)[number];

/** Finds a product; one of the long list is computed from its number. */
const productOf = ({ upc }: Product) =>
  products[Number(upc) - 1] ?? { upc, name: `Product ${upc}`, price: 5, weight: 5, inStock: true };

/** The four subgraphs of the usual federation benchmark, and a long list. */
export const shop: readonly BenchSubgraph[] = [
  {
    name: 'accounts',
    sdl: `
      type Query { me: User users: [User] }
      type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: String }`,
    resolvers: {
      Query: { me: () => users[0], users: () => users },
      User: { __resolveReference: ({ id }: User) => users[Number(id) - 1] ?? null },
    },
  },
  {
    name: 'inventory',
    sdl: `
      type Product @key(fields: "upc") { upc: String! weight: Int @external price: Int @external inStock: Boolean
        shippingEstimate: Int @requires(fields: "price weight") notes: String }`,
    resolvers: {
      Product: {
        __resolveReference: (product: Product) => ({ ...productOf(product), ...product }),
        shippingEstimate: ({ price, weight }: { price: number; weight: number }) =>
          price > 1000 ? 0 : Math.round(weight / 2),
        notes: ({ upc }: Product) => `${upc} ${longText}`,
      },
    },
  },
  {
    name: 'products',
    sdl: `
      type Query { topProducts(first: Int = 5): [Product] catalogue(count: Int!): [Product!]! }
      type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int text: String }`,
    resolvers: {
      Query: {
        topProducts: (_: unknown, { first }: { first: number }) => products.slice(0, first),
        catalogue: (_: unknown, { count }: { count: number }) =>
          Array.from({ length: count }, (_row, at) => productOf({ upc: `${at + 1}` })),
      },
      Product: { __resolveReference: productOf, text: ({ upc }: Product) => `${upc} ${longText}` },
    },
  },
  {
    name: 'reviews',
    sdl: `
      type Review @key(fields: "id") { id: ID! body: String author: User @provides(fields: "username") product: Product }
      type User @key(fields: "id") { id: ID! username: String @external numberOfReviews: Int reviews: [Review] }
      type Product @key(fields: "upc") { upc: String! reviews: [Review] }`,
    resolvers: {
      Review: {
        __resolveReference: ({ id }: { id: string }) => reviews[Number(id) - 1] ?? null,
        author: ({ author }: Review) => users[Number(author) - 1],
        product: ({ product }: Review) => ({ upc: product }),
      },
      User: {
        numberOfReviews: ({ id }: User) => reviews.filter(({ author }) => author === id).length,
        reviews: ({ id }: User) => reviews.filter(({ author }) => author === id),
      },
      Product: { reviews: ({ upc }: Product) => reviews.filter(({ product }) => product === upc) },
    },
  },
];

const product = 'inStock name price shippingEstimate upc weight';
const author = `author { id username name reviews { id body product { ${product} } } }`;

/** The operations under load, by size. */
export const operations = {
  big: `query Big { users { id username name reviews { id body product { ${product} reviews { id body ${author} } } } }
    topProducts { ${product} reviews { id body ${author} } } }`,
  mid: `query Mid { topProducts(first: 5) { ${product} reviews { id body author { id name } } } }`,
  small: 'query Small { me { id name reviews { id body } } }',
} as const;

/** An operation whose answer has over 8 MiB, from two subgraphs. */
export const large = 'query Large { catalogue(count: 20000) { upc name text notes } }';
