import { createSupergraph } from '../supergraph.ts';

const rows = ['0', '1', '2'].map((id, at) => ({
  __typename: 'Row',
  id,
  color: (['RED', 'GREEN', null] as const)[at],
  at: ['2026-01-01T00:00:00Z', '', null][at],
  raw: [{ deep: [1, { x: null }], __typename: 'not a type' }, [], 0][at],
  matrix: [[[[0, 1], []]], [[[]], null, [null, [2]]], null][at],
  words: [['', 'a'], [], [null]][at],
  ratio: [0, -0.5, 1e21][at],
  big: [0, 2147483647, -2147483648][at],
  yes: [false, true, null][at],
}));

type Row = (typeof rows)[number];

/** Scalars, enums, lists of lists, input objects with defaults, and variables of all kinds over two subgraphs. */
export const values = createSupergraph({
  name: 'values',
  world: () => ({ Row: rows }),
  resolvers: (world) => ({
    Query: {
      rows: () => world().Row,
      row: (_: unknown, { id }: { id: string }) => world().Row.find((row) => row.id === id),
      filter: (_: unknown, { by }: { by: { color?: string; ids?: readonly string[] } }) =>
        world().Row.filter(
          (row) =>
            (by.color === undefined || row.color === by.color) && (by.ids ?? [row.id]).includes(row.id),
        ),
      echo: (_: unknown, args: object) => JSON.stringify(args),
    },
    Row: {
      describe: (row: Row, args: object) => `${row.id} ${JSON.stringify(args)}`,
      colored: ({ color }: Row, { as }: { as: string }) => color === as,
    },
  }),
  subgraphs: [
    {
      name: 'rows',
      typeDefs: `
        scalar Instant scalar Json
        enum Color { RED GREEN BLUE }
        input By { color: Color = RED ids: [ID!] }
        type Query { rows: [Row!]! row(id: ID!): Row filter(by: By! = { color: GREEN }): [Row]
          echo(int: Int = 3, float: Float, text: String = "", yes: Boolean = false, id: ID, ids: [[Int]], json: Json, by: By): String }
        type Row @key(fields: "id") { id: ID! color: Color at: Instant raw: Json matrix: [[[Int!]]] words: [String] }`,
    },
    {
      name: 'numbers',
      typeDefs: `
        scalar Json
        enum Color { RED GREEN BLUE }
        input Options { text: String! = "none" size: Size = { width: 1 } list: [Int!] color: Color }
        input Size { width: Int! height: Int = 2 }
        type Row @key(fields: "id") { id: ID! color: Color @external ratio: Float big: Int yes: Boolean
          describe(options: Options = {}, json: Json, matrix: [[Int]]): String
          colored(as: Color! = RED): Boolean @requires(fields: "color") }`,
    },
  ],
  operations: [
    { name: 'scalars, enums and lists', query: '{ rows { color at raw matrix words ratio big yes } }' },
    { name: 'default values', query: '{ filter { id colored describe } echo }' },
    {
      name: 'default values of an input object',
      query: '{ filter(by: {}) { id } rows { describe(options: { size: { width: 0 } }) } }',
    },
    {
      name: 'literals',
      query:
        '{ echo(int: 0, float: 1, text: "a\\"\\n\\u00e9", yes: true, id: 7, ids: [[1, null], null, []], json: { a: [1, "b", null, C] }) }',
    },
    { name: 'block text', query: '{ echo(text: """\n  one\n    two\n  """) }' },
    {
      name: 'null literals',
      query: '{ echo(int: null, text: null, by: null) rows { describe(options: null) } }',
    },
    {
      name: 'variables of all kinds',
      query: `query ($int: Int, $float: Float, $text: String, $yes: Boolean, $id: ID, $ids: [[Int]], $json: Json, $by: By) {
        echo(int: $int, float: $float, text: $text, yes: $yes, id: $id, ids: $ids, json: $json, by: $by) }`,
      variables: {
        int: 0,
        float: 0.5,
        text: '',
        yes: false,
        id: '0',
        ids: [[0], null],
        json: { a: null },
        by: { ids: ['1'] },
      },
    },
    {
      name: 'variables that are not given',
      query:
        'query ($int: Int, $text: String = "set", $by: By = { color: BLUE }) { echo(int: $int, text: $text, by: $by) }',
      variables: {},
    },
    {
      name: 'variables that are null',
      query:
        'query ($int: Int = 4, $text: String = "set", $json: Json) { echo(int: $int, text: $text, json: $json) }',
      variables: { int: null, text: null, json: null },
    },
    {
      name: 'variables in a second subgraph',
      query: `query ($options: Options, $color: Color!, $json: Json, $cell: Int) { rows { colored(as: $color)
        describe(options: $options, json: { in: $json }, matrix: [[$cell], null]) } }`,
      variables: { options: { list: [0], color: 'BLUE' }, color: 'GREEN', json: { a: [{}] }, cell: 0 },
    },
    {
      name: 'variables inside input objects',
      query:
        'query ($width: Int!, $text: String = "x", $id: ID!) { filter(by: { color: null, ids: [$id] }) { id } rows { describe(options: { text: $text, size: { width: $width } }) } }',
      variables: { width: 0, id: '2' },
    },
    {
      name: 'one variable in two subgraphs',
      query:
        'query ($id: ID!, $color: Color = GREEN) { row(id: $id) { big colored(as: $color) } filter(by: { color: $color }) { id ratio } }',
      variables: { id: '1' },
    },
    {
      name: 'a variable named representations',
      query: 'query ($representations: ID!) { row(id: $representations) { id } }',
      variables: { representations: '1' },
    },
    {
      name: 'operation by its name',
      query: 'query First { rows { id } } query Second($id: ID!) { row(id: $id) { big color } }',
      variables: { id: '2' },
      operationName: 'Second',
    },
    {
      name: 'the same field with other arguments',
      query: '{ rows { a: colored b: colored(as: GREEN) colored(as: BLUE) } }',
    },
  ],
});
