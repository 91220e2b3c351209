import { createSupergraph } from '../supergraph.ts';

const articles = ['1', '2'].map((id) => ({
  __typename: 'Article',
  id,
  title: `Article ${id}`,
  words: Number(id) - 1,
  score: 'high',
  likes: Number(id),
  editorId: '1',
}));
const films = ['3', '4'].map((id) => ({
  __typename: 'Film',
  id,
  title: id === '3' ? '' : `Film ${id}`,
  minutes: Number(id) * 30,
  score: [1, 2],
  likes: 0,
  editorId: null,
}));
const podcasts = [
  { __typename: 'Podcast', id: '0', title: 'Talk', hosts: ['a', ''], score: 7, likes: null, editorId: '2' },
];
const editors = ['1', '2'].map((id) => ({
  __typename: 'Editor',
  id,
  name: `Editor ${id}`,
  worksOn: id === '1' ? '3' : '0',
}));

type Item = { readonly __typename: string; readonly id: string; readonly editorId: string | null };

/** Interfaces and unions whose types are entities of several subgraphs, and value types behind an interface. */
export const abstract = createSupergraph({
  name: 'abstract',
  world: () => ({ Article: articles, Film: films, Podcast: podcasts, Editor: editors }),
  resolvers: (world) => {
    const items = () => [...world().Article, ...world().Film, ...world().Podcast];
    return {
      Query: {
        items,
        mixed: () => [world().Film[0], null, world().Podcast[0], world().Editor[0], world().Article[1]],
        node: (_: unknown, { id }: { id: string }) => items().find((item) => item.id === id),
        latest: () => world().Film[1],
      },
      Item: { editor: ({ editorId }: Item) => world().Editor.find(({ id }) => id === editorId) },
      Editor: {
        current: ({ worksOn }: { worksOn: string }) => items().find(({ id }) => id === worksOn),
        shapes: () => [
          { __typename: 'Circle', name: 'c', radius: 0 },
          { __typename: 'Square', name: '', side: 2 },
        ],
      },
    };
  },
  subgraphs: [
    {
      name: 'catalogue',
      typeDefs: `
        type Query { items: [Item!]! mixed: [Thing] node(id: ID!): Item latest: Item }
        interface Item { id: ID! title: String }
        type Article implements Item @key(fields: "id") { id: ID! title: String words: Int }
        type Film implements Item @key(fields: "id") { id: ID! title: String minutes: Int }
        type Podcast implements Item @key(fields: "id") { id: ID! title: String hosts: [String!] }
        union Thing = Article | Film | Podcast | Editor
        type Editor @key(fields: "id") { id: ID! }`,
    },
    {
      name: 'ratings',
      typeDefs: `
        interface Item { id: ID! likes: Int }
        type Article implements Item @key(fields: "id") { id: ID! likes: Int score: String }
        type Film implements Item @key(fields: "id") { id: ID! likes: Int score: [Int] }
        type Podcast implements Item @key(fields: "id") { id: ID! likes: Int score: Int }`,
    },
    {
      name: 'editors',
      typeDefs: `
        interface Item { id: ID! editor: Editor }
        interface Shape { name: String }
        type Circle implements Shape { name: String radius: Int }
        type Square implements Shape { name: String side: Int }
        type Article implements Item @key(fields: "id") { id: ID! editor: Editor }
        type Film implements Item @key(fields: "id") { id: ID! editor: Editor }
        type Podcast implements Item @key(fields: "id") { id: ID! editor: Editor }
        type Editor @key(fields: "id") { id: ID! name: String current: Item shapes: [Shape!] }`,
    },
  ],
  operations: [
    { name: 'fields on the interface', query: '{ items { id title } latest { title } }' },
    { name: 'fields on the interface of another subgraph', query: '{ items { likes editor { name } } }' },
    {
      name: 'type conditions',
      query: '{ items { ... on Article { words } ... on Film { minutes likes } ... on Podcast { hosts } } }',
    },
    {
      name: 'one alias with other fields under type conditions',
      query:
        '{ items { id ... on Article { value: words } ... on Film { value: minutes } ... on Podcast { value: likes } } }',
    },
    {
      name: 'one alias for fields of several subgraphs',
      query:
        '{ mixed { ... on Article { what: title } ... on Film { what: title } ... on Editor { what: name } } }',
    },
    {
      name: 'conflicting types under type conditions',
      query: '{ items { ... on Article { a: score } ... on Podcast { b: score } ... on Film { c: score } } }',
    },
    {
      name: 'union with a null',
      query: '{ mixed { __typename ... on Film { title score } ... on Editor { name } } }',
    },
    {
      name: 'condition on an interface in a union',
      query: '{ mixed { ... on Item { id title likes } ... on Editor { id } } }',
    },
    {
      name: 'alias of __typename',
      query: '{ items { kind: __typename __typename again: __typename } mixed { kind: __typename } }',
    },
    {
      name: '__typename as an alias of nothing else',
      query: '{ items { __typename } latest { t: __typename editor { t: __typename } } }',
    },
    {
      name: 'interface behind a jump',
      query: '{ items { editor { current { title likes ... on Film { minutes } } } } }',
    },
    {
      name: 'value types behind an interface',
      query: '{ items { editor { shapes { name ... on Circle { radius } ... on Square { side } } } } }',
    },
    {
      name: 'nested conditions',
      query: '{ mixed { ... on Item { ... on Film { likes } ... on Article { ... on Item { title } } } } }',
    },
    {
      name: 'named fragments on interface and type',
      query: `query { items { ...Common ...OfFilm } node(id: "0") { ...Common } }
        fragment Common on Item { id likes editor { ...Name } }
        fragment OfFilm on Film { ...Common minutes } fragment Name on Editor { name }`,
    },
    {
      name: 'no type matches',
      query: '{ latest { ... on Article { words likes } } node(id: "1") { ... on Film { minutes } } }',
    },
    { name: 'absent node', query: '{ node(id: "9") { id likes ... on Film { score } } }' },
  ],
});
