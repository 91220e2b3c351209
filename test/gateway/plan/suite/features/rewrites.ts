import { createSupergraph } from '../supergraph.ts';

const notices = [
  { __typename: 'Alert', id: '0', label: '', count: 0, open: false, tags: ['', 'a'], about: { code: 0 } },
  { __typename: 'Report', id: '1', label: null, count: null, open: null, tags: null, about: null },
  { __typename: 'Report', id: '2', label: '', count: 0, open: false, tags: [null], about: { code: 1 } },
  { __typename: 'Memo', id: '3', label: 'm', count: 3, open: true, tags: [], about: { code: null } },
];

/**
 * Types whose fields of one name differ in nullability. A plan that asks for them by type has to use aliases for them,
 * and the executor renames their values: falsy ones, lists and objects too.
 */
export const rewrites = createSupergraph({
  name: 'rewrites',
  world: () => ({ Notice: notices }),
  resolvers: (world) => ({
    Query: {
      notices: () => world().Notice,
      either: () => [world().Notice[1], null, world().Notice[0]],
      newest: () => world().Notice[3],
    },
    Notice: { extra: ({ id }: { id: string }) => Number(id) },
  }),
  subgraphs: [
    {
      name: 'notices',
      typeDefs: `
        type Query { notices: [Notice!]! either: [Either] newest: Notice }
        interface Notice { id: ID! }
        union Either = Alert | Report
        type Alert implements Notice @key(fields: "id") {
          id: ID! label: String! count: Int! open: Boolean! tags: [String!]! about: About! }
        type Report implements Notice @key(fields: "id") {
          id: ID! label: String count: Int open: Boolean tags: [String] about: About }
        type Memo implements Notice @key(fields: "id") {
          id: ID! label: String! count: Int open: Boolean! tags: [String]! about: About! }
        type About @shareable { code: Int }`,
    },
    {
      name: 'labels',
      typeDefs: `
        interface Notice { id: ID! label: String count: Int open: Boolean tags: [String] about: About extra: Int }
        type About @shareable { code: Int }
        type Alert implements Notice @key(fields: "id") { id: ID! label: String! @external count: Int! @external
          open: Boolean! @external tags: [String!]! @external about: About! @external extra: Int }
        type Report implements Notice @key(fields: "id") { id: ID! label: String @external count: Int @external
          open: Boolean @external tags: [String] @external about: About @external extra: Int }
        type Memo implements Notice @key(fields: "id") { id: ID! label: String! @external count: Int @external
          open: Boolean! @external tags: [String]! @external about: About! @external extra: Int }`,
    },
  ],
  operations: [
    { name: 'one field of several types', query: '{ notices { label } }' },
    { name: 'falsy values', query: '{ notices { id count open label } newest { count open } }' },
    { name: 'lists and objects', query: '{ notices { tags about { code } } }' },
    { name: 'with aliases', query: '{ notices { a: label b: count label: open c: tags } }' },
    {
      name: 'with another subgraph',
      query: '{ notices { extra label about { code } } newest { extra tags } }',
    },
    {
      name: 'one alias by type, with fields of one shape',
      query: '{ either { ... on Alert { id x: id } ... on Report { label x: id } } }',
    },
    {
      name: 'under type conditions and conditions',
      query: `query ($on: Boolean!) { notices { label @include(if: $on) ... on Report { count } ... on Alert { strict: count open } } }`,
      variables: { on: true },
    },
  ],
});
