import { expect, test } from '@jest/globals';
import { parse } from 'graphql';
import { checkBudget, parseBudget, withinHalf } from '../../../gateway/budget/budget.ts';
import { costOfOperation, costOfRequest } from '../../../gateway/budget/cost.ts';
import { measureOperation } from '../../../gateway/budget/operation-size.ts';
import { readSettings } from '../../../gateway/settings.ts';

function costOf(document: string, variables: Readonly<Record<string, unknown>> = {}): number {
  return costOfOperation(measureOperation(parse(document), variables));
}

test('charges selections, rows at full length, and root fields', () => {
  expect(costOf('{ organisation(id: "enisa") { name } }')).toBe(2 + 5);
  expect(costOf('{ advisories { nodes { id title } } }')).toBe(4 + 25 + 5);
  expect(costOf('query ($n: Int) { advisories(first: $n) { nodes { id } } }', { n: 100 })).toBe(3 + 100 + 5);
});

test('charges aliases, fragments and variables no less than the plain form', () => {
  const plain = costOf('{ a(first: 50) { nodes { id } } }');
  expect(costOf('query ($n: Int = 50) { a(first: $n) { nodes { id } } }')).toBe(plain);
  expect(costOf('{ ...F } fragment F on Query { a(first: 50) { nodes { id } } }')).toBe(plain + 1);
  expect(costOf('{ x: a(first: 50) { nodes { id } } y: a(first: 50) { nodes { id } } }')).toBe(2 * plain);
  expect(costOf('{ a(first: -9) { nodes { id } } }')).toBeGreaterThan(25);
});

test('charges introspection under any alias and in fragments', () => {
  expect(costOf('{ __schema { types { name } } }')).toBeGreaterThan(500);
  expect(
    costOf('{ a: __type(name: "A") { name } ...F } fragment F on Query { b: __schema { description } }'),
  ).toBeGreaterThan(1000);
  expect(costOf('{ __typename }')).toBe(6);
});

test('charges each community that searches, and nothing for the rest of a search', () => {
  const search = (parts: string) => costOf(`{ search(text: "x") { ${parts} } }`);
  const selected = 'id __typename enisa { total } certEu { total }';
  expect(search(selected) - costOf(`{ other(text: "x") { ${selected} } }`)).toBe(2 * 200);
  expect(search('...P } } fragment P on Search { a: eeas { total } b: eeas { total ')).toBeGreaterThan(
    2 * 200,
  );
  const suggested = 'enisa { id } jointUnit { id }';
  const suggest = costOf(`{ suggest(text: "x") { ${suggested} } }`);
  expect(suggest - costOf(`{ other(text: "x") { ${suggested} } }`)).toBe(2 * 50);
});

test('charges a request by its bytes', () => {
  expect([0, 1023, 1024, 262_144].map(costOfRequest)).toEqual([1, 1, 2, 257]);
});

test('rejects a malformed budget', () => {
  const wrong = [
    '',
    '10',
    '10/',
    '/10',
    '0/10',
    '10/0',
    '-1/10',
    '1.5/10',
    '1e3/10',
    '10/100000',
    ' 10/1',
    '10/1/1',
  ];
  expect(wrong.map(parseBudget)).toEqual(wrong.map(() => null));
  expect(parseBudget('600/60')).toEqual({ points: 600, seconds: 60 });
  for (const entry of [
    undefined,
    null,
    5,
    [],
    {},
    { points: 1 },
    { points: '1', seconds: 1 },
    { points: 1, seconds: 1, $x: 1 },
  ]) {
    expect(checkBudget(entry)).toBeNull();
  }
});

test('limits a reader to half of the organisation in points and in rate', () => {
  const reader = { points: 60_000, seconds: 60 };
  expect(withinHalf(reader, { points: 600_000, seconds: 60 })).toEqual(reader);
  expect(withinHalf(reader, { points: 1000, seconds: 10 })).toEqual({ points: 500, seconds: 10 });
  expect(withinHalf(reader, { points: 600_000, seconds: 6000 })).toEqual({ points: 60_000, seconds: 1200 });
  expect(withinHalf(reader, { points: 1, seconds: 10 })).toBeNull();
});

function startError(env: Readonly<Record<string, string>>): string {
  try {
    readSettings(env);
  } catch (error) {
    return String(error);
  }
  throw new Error('it started without its other settings');
}

test('refuses to start with a malformed budget, or with a reader above half of the organisation', () => {
  expect(startError({})).not.toContain('BUDGET');
  const wrong = startError({ JCU_READER_BUDGET: 'many', JCU_ORGANISATION_BUDGET: '100/0' });
  expect(wrong).toContain(
    'JCU_READER_BUDGET: expected POINTS/SECONDS in whole numbers, such as 60000/60, got many',
  );
  expect(wrong).toContain(
    'JCU_ORGANISATION_BUDGET: expected POINTS/SECONDS in whole numbers, such as 600000/60, got 100/0',
  );
  const half = 'at most half of JCU_ORGANISATION_BUDGET';
  expect(startError({ JCU_READER_BUDGET: '300001/60' })).toContain(half);
  expect(startError({ JCU_READER_BUDGET: '60000/5' })).toContain(half);
  expect(startError({ JCU_READER_BUDGET: '300000/60' })).not.toContain(half);
});
