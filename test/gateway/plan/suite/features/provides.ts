import { createSupergraph } from '../supergraph.ts';

const authors = ['0', '1', '2'].map((id) => ({
  __typename: 'Author',
  id,
  name: id === '0' ? '' : `Author ${id}`,
  home: id === '2' ? null : { __typename: 'Home', city: `City ${id}`, code: Number(id) },
  born: 1900 + Number(id),
}));
const posts = ['1', '2', '3'].map((id, at) => ({
  __typename: 'Post',
  id,
  title: `Post ${id}`,
  authorId: String(at),
}));
const [image, video] = [
  { __typename: 'Image', id: '1', caption: '', width: 0 },
  { __typename: 'Video', id: '2', caption: 'Talk', seconds: 9 },
];

type Post = (typeof posts)[number];

/** `@provides` on entities, nested objects, lists and types of a union. */
export const provides = createSupergraph({
  name: 'provides',
  world: () => ({ Author: authors, Post: posts, Image: [image], Video: [video] }),
  resolvers: (world) => ({
    Query: {
      posts: () => world().Post,
      authors: () => world().Author,
      topMedia: () => [...world().Image, ...world().Video],
      anyMedia: () => [...world().Video, ...world().Image],
    },
    Post: {
      author: (post: Post) => world().Author.find(({ id }) => id === post.authorId),
      editor: (post: Post) => world().Author.find(({ id }) => id === post.authorId),
    },
    Author: {
      posts: (author: { id: string }) => world().Post.filter(({ authorId }) => authorId === author.id),
    },
  }),
  subgraphs: [
    {
      name: 'posts',
      typeDefs: `
        type Query { posts: [Post!]! anyMedia: [Media!]! topMedia: [Media!]! @shareable @provides(fields: "... on Image { caption }") }
        type Post @key(fields: "id") { id: ID! title: String
          author: Author @provides(fields: "name home { city }") editor: Author }
        type Author @key(fields: "id") { id: ID! name: String @external home: Home @external posts: [Post] }
        type Home { city: String @external }
        union Media = Image | Video
        type Image @key(fields: "id") { id: ID! caption: String @external }
        type Video @key(fields: "id") { id: ID! }`,
    },
    {
      name: 'authors',
      typeDefs: `
        type Query { authors: [Author] }
        type Author @key(fields: "id") { id: ID! name: String @shareable home: Home @shareable born: Int }
        type Home @shareable { city: String code: Int }
        type Image @key(fields: "id") { id: ID! caption: String @shareable width: Int }
        type Video @key(fields: "id") { id: ID! caption: String @shareable seconds: Int }`,
    },
  ],
  operations: [
    { name: 'provided fields only', query: '{ posts { author { name home { city } } } }' },
    { name: 'provided and other fields', query: '{ posts { author { name born home { city code } } } }' },
    {
      name: 'not provided at another field',
      query: '{ posts { editor { name home { city } } author { id } } }',
    },
    {
      name: 'under a provided object',
      query: '{ posts { author { posts { author { name } editor { name } } } } }',
    },
    {
      name: 'provided for one type of a union',
      query: '{ topMedia { ... on Image { caption width } ... on Video { caption seconds } } }',
    },
    {
      name: 'union without provides',
      query: '{ anyMedia { __typename ... on Image { caption } ... on Video { id caption } } }',
    },
    {
      name: 'provided fields with aliases',
      query: '{ posts { author { id: name name: id home { code: city } } } }',
    },
    {
      name: 'from the subgraph of the author',
      query: '{ authors { name posts { title author { name born } } } }',
    },
  ],
});
