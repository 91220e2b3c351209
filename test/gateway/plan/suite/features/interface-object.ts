import { createSupergraph } from '../supergraph.ts';

const media = [
  { __typename: 'Song', id: '1', title: 'One', seconds: 60, views: 0, quality: 'low', ownerId: '1' },
  { __typename: 'Clip', id: '2', title: '', frames: 0, views: 7, quality: '', ownerId: '2' },
  { __typename: 'Song', id: '0', title: null, seconds: null, views: null, quality: null, ownerId: null },
];
const owners = ['1', '2'].map((id) => ({ __typename: 'Owner', id, name: `Owner ${id}` }));

type Medium = (typeof media)[number];

/** `@interfaceObject`: subgraphs that add fields to an interface whose types they do not know. */
export const interfaceObject = createSupergraph({
  name: 'interface-object',
  world: () => ({ Media: media, Owner: owners }),
  resolvers: (world) => ({
    Query: {
      media: () => world().Media,
      popular: () => world().Media.slice(1),
      medium: (_: unknown, { id }: { id: string }) => world().Media.find((medium) => medium.id === id),
    },
    Media: {
      owner: ({ ownerId }: Medium) => world().Owner.find(({ id }) => id === ownerId),
      verdict: ({ title, views }: Medium) => `${title} ${views}`,
    },
    Owner: { owns: ({ id }: { id: string }) => world().Media.filter(({ ownerId }) => ownerId === id) },
  }),
  subgraphs: [
    {
      name: 'library',
      typeDefs: `
        type Query { media: [Media!]! medium(id: ID!): Media }
        interface Media @key(fields: "id") { id: ID! title: String }
        type Song implements Media @key(fields: "id") { id: ID! title: String seconds: Int }
        type Clip implements Media @key(fields: "id") { id: ID! title: String frames: Int }`,
    },
    {
      name: 'views',
      resolvers: (world) => ({
        Query: {
          popular: () =>
            world()
              .Media.slice(1)
              .map((row) => ({ ...row, __typename: 'Media' })),
        },
        Owner: {
          owns: ({ id }: { id: string }) =>
            world()
              .Media.filter(({ ownerId }) => ownerId === id)
              .map((row) => ({ ...row, __typename: 'Media' })),
        },
      }),
      typeDefs: `
        type Query { popular: [Media] }
        type Media @key(fields: "id") @interfaceObject { id: ID! views: Int owner: Owner }
        type Owner @key(fields: "id") { id: ID! owns: [Media!] }`,
    },
    {
      name: 'verdicts',
      typeDefs: `
        type Media @key(fields: "id") @interfaceObject { id: ID! title: String @external views: Int @external
          quality: String verdict: String @requires(fields: "title views") }
        type Owner @key(fields: "id") { id: ID! name: String }`,
    },
  ],
  operations: [
    { name: 'field of the interface object', query: '{ media { id title views } }' },
    { name: 'from the interface object', query: '{ popular { id views } }' },
    { name: 'to the interface from the object', query: '{ popular { views title } }' },
    { name: '__typename from the object', query: '{ popular { __typename id views } }' },
    {
      name: 'type condition from the object',
      query: '{ popular { views ... on Song { seconds } ... on Clip { frames } } }',
    },
    {
      name: 'object field under a type condition',
      query: '{ media { ... on Song { views quality } ... on Clip { quality title } } }',
    },
    { name: 'between two interface objects', query: '{ popular { views quality verdict } }' },
    { name: 'required fields of two subgraphs', query: '{ media { verdict } }' },
    {
      name: 'back through an entity',
      query: '{ media { owner { name owns { title views ... on Clip { frames } } } } }',
    },
    {
      name: 'absent entity',
      query: '{ medium(id: "9") { views } a: medium(id: "0") { views title quality verdict } }',
    },
    { name: 'aliases', query: '{ popular { id: views title: quality views: title kind: __typename } }' },
  ],
});
