import { createSupergraph, type Operation } from '../supergraph.ts';

const nodes = ['0', '1', '2'].map((id, at) => ({
  __typename: 'Node',
  id,
  name: ['', 'b', null][at],
  left: Number(id),
  right: [false, true, null][at],
  nextId: ['1', '2', null][at],
}));

type Node = (typeof nodes)[number];

/** Adds the variables that the query uses: `$on` is true and `$off` is false. */
function switched(query: string): Pick<Operation, 'query' | 'variables'> {
  const used = (['on', 'off'] as const).filter((name) => query.includes(`$${name}`));
  return {
    query: `query (${used.map((name) => `$${name}: Boolean!`).join(', ')}) ${query}`,
    variables: Object.fromEntries(used.map((name) => [name, name === 'on'])),
  };
}

/** `@skip` and `@include`, fragments, aliases, and the order of the fields. */
export const selections = createSupergraph({
  name: 'selections',
  world: () => ({ Node: nodes }),
  resolvers: (world) => ({
    Query: { nodes: () => world().Node, node: () => world().Node[0], other: () => world().Node[1] },
    Node: { next: ({ nextId }: Node) => world().Node.find(({ id }) => id === nextId) },
  }),
  subgraphs: [
    {
      name: 'names',
      typeDefs: `type Query { nodes: [Node!]! node: Node }
        type Node @key(fields: "id") { id: ID! name: String next: Node }`,
    },
    {
      name: 'left',
      typeDefs: 'type Query { other: Node } type Node @key(fields: "id") { id: ID! left: Int }',
    },
    { name: 'right', typeDefs: 'type Node @key(fields: "id") { id: ID! right: Boolean }' },
  ],
  operations: [
    {
      name: 'skip and include, true',
      ...switched(`{ nodes { left @skip(if: $on) right @include(if: $on) } }`),
    },
    {
      name: 'skip and include, false',
      ...switched(`{ nodes { left @skip(if: $off) right @include(if: $off) } }`),
    },
    {
      name: 'literal conditions',
      query:
        '{ node { id @skip(if: true) name @include(if: true) left @include(if: false) right @skip(if: false) } }',
    },
    {
      name: 'both directives',
      ...switched(
        `{ nodes { left @skip(if: $off) @include(if: $on) right @skip(if: $on) @include(if: $on) name } }`,
      ),
    },
    {
      name: 'condition on an object',
      ...switched(`{ node @include(if: $on) { left } other @include(if: $off) { right } __typename }`),
    },
    {
      name: 'nothing remains of an object',
      ...switched(`{ nodes { left @include(if: $off) } node { next { right @skip(if: $on) } } }`),
    },
    {
      name: 'nothing remains of the operation',
      ...switched(`{ nodes @include(if: $off) { left } node @skip(if: $on) { right } }`),
    },
    {
      name: 'condition on an inline fragment',
      ...switched(`{ nodes { ... @include(if: $on) { left } ... on Node @skip(if: $on) { right } name } }`),
    },
    {
      name: 'condition on a named fragment',
      ...switched(
        `{ nodes { ...Sides @include(if: $off) ...Name @skip(if: $off) } } fragment Sides on Node { left right } fragment Name on Node { name next { left } }`,
      ),
    },
    {
      name: 'nested conditions',
      ...switched(
        `{ nodes { ... @include(if: $on) { next { ... @skip(if: $off) { left ... @include(if: $off) { right } } } } } }`,
      ),
    },
    {
      name: 'one field with and without condition',
      ...switched(`{ nodes { left left @skip(if: $on) ... @include(if: $off) { right } right } }`),
    },
    {
      name: 'one object with several conditions',
      ...switched(`{ nodes { next @include(if: $on) { left } next @include(if: $off) { right } } }`),
    },
    {
      name: 'condition on the key',
      ...switched(
        `{ nodes { id @include(if: $off) left next @skip(if: $off) { id @skip(if: $on) right } } }`,
      ),
    },
    {
      name: 'condition with a default value',
      query:
        'query ($on: Boolean = true, $off: Boolean! = false) { nodes { left @include(if: $on) right @include(if: $off) } }',
    },
    {
      name: 'condition on __typename',
      ...switched(`{ __typename @include(if: $on) nodes { __typename @skip(if: $on) t: __typename left } }`),
    },
    {
      name: 'order of the fields',
      query: '{ nodes { right name left id } node { next { right id } right } }',
    },
    { name: 'order with merged fields', query: '{ node { right } other { id } node { id right left } }' },
    {
      name: 'order over fragments',
      query: '{ nodes { ...A id ...B } } fragment A on Node { right ...B } fragment B on Node { left name }',
    },
    { name: 'order over inline fragments', query: '{ nodes { ... { left id } right ... { name } } }' },
    {
      name: 'order of __typename',
      query: '{ node { right __typename id } __typename other { left __typename } }',
    },
    {
      name: 'fragments in fragments',
      query:
        'query { node { ...A } other { ...A } } fragment A on Node { next { ...B ...C } } fragment B on Node { left ...C } fragment C on Node { right next { ...D } } fragment D on Node { name }',
    },
    {
      name: 'one alias for fields of two subgraphs in two places',
      query: '{ node { x: left next { x: right next { x: name } } } }',
    },
    { name: 'swapped aliases', query: '{ nodes { left: right right: left name: id } }' },
    {
      name: 'aliases with underscores',
      query: '{ _entities: node { _left: left __id: id } _service: other { right } }',
    },
  ],
});
