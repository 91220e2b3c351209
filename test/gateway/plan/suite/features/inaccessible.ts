import { createSupergraph } from '../supergraph.ts';

const cases = ['0', '1'].map((id) => ({
  __typename: 'Case',
  id,
  secret: `k${id}`,
  title: `Case ${id}`,
  state: id === '0' ? 'OPEN' : 'CLOSED',
}));

/** Keys, required fields, arguments and types that are hidden from clients but used in plans. */
export const inaccessible = createSupergraph({
  name: 'inaccessible',
  world: () => ({ Case: cases }),
  resolvers: (world) => ({
    Query: {
      cases: () => world().Case,
      find: (_: unknown, { id, trace = 'none' }: { id: string; trace?: string }) =>
        trace === 'none' ? world().Case.find((found) => found.id === id) : null,
    },
    Case: {
      length: ({ secret }: { secret: string }) => secret.length,
      risk: ({ id }: { id: string }) => Number(id),
      subject: ({ id }: { id: string }) => (id === '0' ? { __typename: 'Person', name: '' } : null),
    },
  }),
  subgraphs: [
    {
      name: 'cases',
      typeDefs: `
        type Query { cases: [Case!] find(id: ID!, trace: String = "none" @inaccessible): Case }
        enum State { OPEN CLOSED HIDDEN @inaccessible }
        type Case @key(fields: "secret") @key(fields: "id") { id: ID! secret: String! @inaccessible title: String state: State subject: Subject }
        union Subject = Person | Ghost
        type Person { name: String }
        type Ghost @inaccessible { name: String }`,
    },
    {
      name: 'risks',
      typeDefs: 'type Case @key(fields: "secret") { secret: String! @inaccessible risk: Int }',
    },
    {
      name: 'lengths',
      typeDefs: `type Case @key(fields: "id") @key(fields: "secret") { id: ID! secret: String! @inaccessible
        length: Int }`,
    },
  ],
  operations: [
    { name: 'hidden key', query: '{ cases { title risk } }' },
    { name: 'hidden key with an alias of its name', query: '{ cases { secret: title risk } }' },
    { name: 'hidden argument', query: '{ find(id: "1") { state risk length } }' },
    { name: 'hidden type of a union', query: '{ cases { subject { __typename ... on Person { name } } } }' },
    {
      name: 'all fields',
      query: '{ cases { id title state risk length subject { ... on Person { name } } } }',
    },
  ],
});
