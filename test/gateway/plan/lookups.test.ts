import { expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { compileLookups, joinEntities, represent } from '../../../gateway/plan/lookups.ts';
import type { Lookup, Step } from '../../../gateway/plan/plan.ts';
import type { RawObject } from '../../../gateway/plan/raw.ts';
import { Types } from '../../../gateway/plan/types.ts';

const types = new Types(buildSchema('type Query { a: Thing } type Thing { id: ID name: String }'));
const items: Step = { kind: 'items' };
const key = (name: string): Step => ({ kind: 'key', key: name });
const field = (name: string) => ({ kind: 'field', from: name, to: name, below: null }) as const;

function lookupAt(...paths: readonly (readonly Step[])[]): Lookup {
  const required = [
    {
      kind: 'fragment',
      type: 'Thing',
      include: [],
      skip: [],
      below: [field('__typename'), field('id')],
    } as const,
  ];
  return { key: '_entities', variable: 'representations', paths, required, before: [], after: [] };
}

/** Represents the objects of the data, and joins these entities. */
function join(root: RawObject, lookup: Lookup, entities: readonly unknown[]) {
  const [compiled] = compileLookups([lookup], types);
  if (compiled === undefined) throw new Error('expected a lookup');
  const represented = represent(compiled, root, {}, types);
  joinEntities(represented, { _entities: [...entities] }, types);
  return represented.texts;
}

const thing = (id: unknown) => ({ __typename: 'Thing', id });

test('sends equal objects once, and completes each of them', () => {
  const root = { many: [thing('1'), thing('2'), thing('1'), null] };
  const texts = join(root, lookupAt([key('many'), items]), [{ name: 'one' }, { name: 'two' }]);
  expect(texts).toEqual(['{"__typename":"Thing","id":"1"}', '{"__typename":"Thing","id":"2"}']);
  expect(root.many.map((one) => (one as { name?: string } | null)?.name)).toEqual([
    'one',
    'two',
    'one',
    undefined,
  ]);
});

test('shares no object between two paths, since later queries may complete them differently', () => {
  const [one, other]: RawObject[] = [thing('1'), thing('1')];
  join({ one, other }, lookupAt([key('one')], [key('other')]), [{ inner: { name: 'x' } }]);
  expect(one?.['inner']).toEqual({ name: 'x' });
  expect(other?.['inner']).toEqual({ name: 'x' });
  expect(one?.['inner']).not.toBe(other?.['inner']);
});

test('does not take a value that looks like a representation for the object that it describes', () => {
  const forged = '{"__typename":"Thing","id":7}';
  const root = { many: [{ ...thing(7), extra: 1 }, thing(forged)] };
  const texts = join(root, lookupAt([key('many'), items]), [{ name: 'seven' }, { name: 'forged' }]);
  expect(texts).toEqual([forged, `{"__typename":"Thing","id":${JSON.stringify(forged)}}`]);
  expect(root.many).toMatchObject([{ name: 'seven' }, { name: 'forged' }]);
});

test('asks for no object without a type or a required field', () => {
  expect(join({ many: [{ id: '1' }, { __typename: 'Thing' }] }, lookupAt([key('many'), items]), [])).toEqual(
    [],
  );
});

test('asks for no object of a type that the supergraph does not have', () => {
  const root = { many: [{ __typename: 'Forged', id: '1' }] };
  expect(join(root, lookupAt([key('many'), items]), [])).toEqual([]);
});

/** Two lookups of one request, each under an alias, as Hive's planner sends them. */
const aliases: readonly Lookup[] = [
  { ...lookupAt([key('many'), items]), key: '_e0', variable: 'r0' },
  { ...lookupAt([key('others'), items]), key: '_e1', variable: 'r1' },
];

/** Represents the objects of both aliases, and joins these entities into each. */
function joinBoth(root: RawObject, answer: RawObject) {
  const both = compileLookups(aliases, types).map((one) => represent(one, root, {}, types));
  for (const one of both) joinEntities(one, answer, types);
  return both.map(({ texts }) => texts.length);
}

function namesOf(all: readonly object[]) {
  return all.map((one) => (one as { name?: string }).name);
}

test('sends equal objects once for each of several aliases, and completes each with the entity of its alias', () => {
  const root = { many: [thing('1'), thing('1'), thing('2')], others: [thing('2'), thing('1'), thing('2')] };
  const sent = joinBoth(root, {
    _e0: [{ name: 'one' }, { name: 'two' }],
    _e1: [{ name: 'other two' }, { name: 'other one' }],
  });
  expect(sent).toEqual([2, 2]);
  expect(namesOf(root.many)).toEqual(['one', 'one', 'two']);
  expect(namesOf(root.others)).toEqual(['other two', 'other one', 'other two']);
});

test.each([
  ['first', { _e0: [{}, {}], _e1: [{}] }],
  ['second', { _e0: [{}], _e1: [{}, {}] }],
])('rejects another number of entities under the %s of several aliases', (_name, answer) => {
  expect(() => joinBoth({ many: [thing('1')], others: [thing('2')] }, answer)).toThrow('expected 1 entities');
});

test('rejects an answer with another number of entities', () => {
  expect(() => join({ one: thing('1') }, lookupAt([key('one')]), [])).toThrow('expected 1 entities');
});
