import { createSupergraph } from '../supergraph.ts';

const books = ['0', '1', '2', '3', '4'].map((id) => ({
  __typename: 'Book',
  id,
  title: id === '4' ? '' : `Book ${id}`,
  // The stock subgraph answers null for book 2, the review subgraph for books 0 and 3.
  stock: id === '2' ? null : Number(id),
  reviews: ['0', '3'].includes(id)
    ? null
    : [
        { __typename: 'Review', id: `r${id}`, text: id, stars: [[1], [], null] },
        { __typename: 'Review', id: '', text: null, stars: null },
      ],
  sequelId: { 0: '2', 1: '0', 2: null, 3: '9', 4: '4' }[id] ?? null,
}));

type Book = (typeof books)[number];

/** Lists of entities with nulls in them, and representations that a subgraph answers with null. */
export const references = createSupergraph({
  name: 'references',
  world: () => ({ Book: books }),
  resolvers: (world) => ({
    Query: {
      books: () => world().Book,
      shelf: () => [world().Book[0], null, world().Book[2], world().Book[0]],
      grid: () => [[world().Book[1], null], null, [], [world().Book[2], world().Book[1]]],
      empty: () => [],
      book: (_: unknown, { id }: { id: string }) => world().Book.find((book) => book.id === id),
    },
    Book: { sequel: (book: Book) => world().Book.find(({ id }) => id === book.sequelId) },
  }),
  subgraphs: [
    {
      name: 'catalogue',
      typeDefs: `
        type Query { books: [Book!]! shelf: [Book] grid: [[Book]] empty: [Book!]! book(id: ID!): Book }
        type Book @key(fields: "id") { id: ID! title: String sequel: Book }`,
    },
    {
      name: 'stock',
      isMissing: (row) => row['id'] === '2',
      typeDefs: 'type Book @key(fields: "id") { id: ID! stock: Int }',
    },
    {
      name: 'reviews',
      isMissing: (row) => row['reviews'] === null,
      typeDefs: `
        type Book @key(fields: "id") { id: ID! reviews: [Review!] }
        type Review { id: ID! text: String stars: [[Int]] }`,
    },
  ],
  operations: [
    { name: 'entities that a subgraph does not know', query: '{ books { id stock reviews { text } } }' },
    { name: 'list with null and a repeated entity', query: '{ shelf { title stock reviews { id stars } } }' },
    { name: 'list of lists of entities', query: '{ grid { id stock reviews { text } } }' },
    { name: 'empty list of entities', query: '{ empty { id stock } books { sequel { stock } } }' },
    { name: 'null at a jump', query: '{ book(id: "2") { sequel { stock } stock reviews { id } } }' },
    {
      name: 'chain of references',
      query: '{ book(id: "1") { sequel { sequel { title stock reviews { id } } stock } } }',
    },
    {
      name: 'reference to the same entity',
      query: '{ book(id: "4") { title sequel { title stock sequel { stock } } } }',
    },
    {
      name: 'the same list twice with different fields',
      query: '{ a: books { stock } b: books { reviews { text } } books { id } books { stock } }',
    },
    { name: 'list of lists of scalars', query: '{ books { reviews { stars } } }' },
  ],
});
