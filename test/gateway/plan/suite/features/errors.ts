import { failure } from '../answers.ts';
import { createSupergraph } from '../supergraph.ts';

const sensors = ['0', '1', '2', '3'].map((id) => ({
  __typename: 'Sensor',
  id,
  name: `Sensor ${id}`,
  safe: Number(id),
  nextId: id === '3' ? null : String(Number(id) + 1),
}));

type Sensor = (typeof sensors)[number];

/** Fails for sensor 1 and answers null, at a field that may be non-null, for sensor 2. */
function read({ id }: Sensor): string | null {
  if (id === '1') throw failure(`sensor ${id} is broken`);
  return id === '2' ? null : `value ${id}`;
}

/** Errors of subgraphs, and nulls at non-null fields: each null ends at the nearest nullable parent. */
export const errors = createSupergraph({
  name: 'errors',
  world: () => ({ Sensor: sensors }),
  resolvers: (world) => {
    const byId = (wanted: string | null) => world().Sensor.find(({ id }) => id === wanted);
    return {
      Query: {
        sensors: () => world().Sensor,
        strict: () => world().Sensor,
        lists: () => [[byId('0'), byId('1')], [byId('3')]],
        good: () => byId('0'),
        bad: () => byId('1'),
        empty: () => byId('2'),
        mustBeGood: () => byId('0'),
        mustBeBad: () => byId('1'),
        broken: () => {
          throw failure('broken root');
        },
        brokenStrict: () => {
          throw failure('broken root');
        },
        stats: () => ({ __typename: 'Stats', count: 0 }),
      },
      Sensor: {
        value: read,
        must: read,
        next: ({ nextId }: Sensor) => byId(nextId),
        mustNext: ({ nextId }: Sensor) => byId(nextId),
        parts: (sensor: Sensor) => [
          { __typename: 'Part', sensor, name: 'a' },
          { __typename: 'Part', sensor, name: '' },
        ],
        strictParts: (sensor: Sensor) => [{ __typename: 'Part', sensor, name: 'a' }],
      },
      Part: {
        state: ({ sensor }: { sensor: Sensor }) => read(sensor),
        note: ({ sensor }: { sensor: Sensor }) => read(sensor),
      },
      Stats: {
        mean: () => {
          throw failure('no mean');
        },
      },
    };
  },
  subgraphs: [
    {
      name: 'sensors',
      typeDefs: `
        type Query { sensors: [Sensor] strict: [Sensor!]! lists: [[Sensor!]!] good: Sensor bad: Sensor empty: Sensor
          mustBeGood: Sensor! mustBeBad: Sensor! broken: Sensor stats: Stats }
        type Stats { count: Int mean: Float }
        type Sensor @key(fields: "id") { id: ID! name: String next: Sensor mustNext: Sensor! }`,
    },
    {
      name: 'values',
      typeDefs: `
        type Query { brokenStrict: Sensor! }
        type Sensor @key(fields: "id") { id: ID! value: String must: String! parts: [Part] strictParts: [Part!]! }
        type Part { name: String state: String! note: String }`,
    },
    { name: 'safe', typeDefs: 'type Sensor @key(fields: "id") { id: ID! safe: Int }' },
  ],
  operations: [
    { name: 'error at a nullable field of an entity', query: '{ sensors { id value safe } }' },
    { name: 'error under an alias', query: '{ all: sensors { v: value n: name } }' },
    { name: 'error in a single entity', query: '{ bad { name value safe } good { value } }' },
    {
      name: 'error behind two jumps',
      query: '{ good { next { value safe next { value next { value } } } } }',
    },
    { name: 'non-null field in a list of nullable entities', query: '{ sensors { id must } }' },
    { name: 'non-null field in a list of non-null entities', query: '{ strict { id must } good { id } }' },
    { name: 'non-null field in lists of lists', query: '{ lists { must safe } }' },
    { name: 'null at a non-null field', query: '{ empty { name must } good { must } }' },
    { name: 'up to data', query: '{ good { id } mustBeBad { id must } }' },
    { name: 'not up to data', query: '{ mustBeGood { must } mustBeBad { value } }' },
    { name: 'through a chain of non-null objects', query: '{ good { name mustNext { must } } }' },
    { name: 'null at a non-null reference', query: '{ sensors { id mustNext { safe } } }' },
    { name: 'in objects of a list', query: '{ sensors { id parts { name state } } }' },
    {
      name: 'in nullable fields of a list',
      query: '{ sensors { parts { name note } strictParts { note } } }',
    },
    { name: 'in a list of non-null objects', query: '{ sensors { id strictParts { state } } }' },
    {
      name: 'under a type condition and a fragment',
      query: '{ sensors { ...F } } fragment F on Sensor { safe ... on Sensor { must } }',
    },
    { name: 'error at a root field', query: '{ broken { id value } good { value } }' },
    { name: 'error at a non-null root field', query: '{ good { value } brokenStrict { id } }' },
    { name: 'error in a value type', query: '{ stats { count mean } }' },
    { name: 'the same failing field twice', query: '{ a: bad { value } b: bad { value } }' },
    {
      name: 'without the failing field',
      query: 'query ($no: Boolean = false) { bad { safe value @include(if: $no) must @include(if: $no) } }',
    },
  ],
});
