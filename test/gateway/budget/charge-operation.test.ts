import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { readFileSync } from 'node:fs';
import { chargeOperation } from '../../../gateway/budget/charge-operation.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import { costOfOperation } from '../../../gateway/budget/cost.ts';
import { listLengthsOf } from '../../../gateway/budget/list-lengths.ts';
import type { Size } from '../../../gateway/budget/operation-size.ts';

const context = { observed: new Observed() } as never;
const lists = listLengthsOf(buildSchema(readFileSync('schema/published.graphql', 'utf8')));

/** Returns the points that an operation costs, and the code it is refused with. */
async function pay(text: string, variables: Readonly<Record<string, unknown>> = {}) {
  const charged: number[] = [];
  const charge = {
    request: () => Promise.reject(new Error('not the request')),
    operation: (size: Size, _context: unknown, kept?: number) => {
      charged.push(costOfOperation(size, kept));
      return Promise.resolve();
    },
  };
  const document = parse(text);
  const submitted = { document, variables, keptBytes: text.length };
  const refused = await chargeOperation(submitted, () => document, lists, charge, context).then(
    () => null,
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
  return { points: charged.reduce((sum, one) => sum + one, 0), refused, times: charged.length };
}

const fragments = Array.from({ length: 900 }, (_, n) => `fragment F${n} on Query { ...F${n + 1} }`).join(' ');

test.each([
  ['20 KB of fragment spreads', `{ ${'...F '.repeat(4000)} } fragment F on Query { __typename }`, 4000],
  ['20 KB of unused fragments', `{ __typename } ${fragments}`, 901],
  ['fragments in a long chain', `{ ...F0 } ${fragments} fragment F900 on Query { a }`, 902],
  ['deep selections', `${'{ ... '.repeat(2000)}{ a }${'}'.repeat(2000)}`, 2001],
  ['deep values', `{ a(b: ${'['.repeat(500)}${']'.repeat(500)}) }`, 1],
])('refuses %s before validation, and charges what was written', async (_what, text, points) => {
  expect(await pay(text)).toEqual({ points, refused: 'OPERATION_TOO_LARGE', times: 1 });
});

test('does not run out of stack on fragments that spread each other', async () => {
  const loop = '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }';
  expect((await pay(loop)).refused).toBeNull();
});

test('charges the default number of rows for a connection of which only the total is requested', async () => {
  const rows = 25;
  expect((await pay('{ advisories { total { value } } }')).points).toBe(3 + rows + 1000 / 50 + 5);
  expect((await pay('{ advisories { pageInfo { hasNextPage } } }')).points).toBe(3 + rows + 5);
  expect((await pay('{ advisories(first: 0) { total(max: 10000) { value } } }')).points).toBe(3 + 200 + 5);
  const variable = 'query ($m: Int) { advisories(first: 0) { total(max: $m) { value } } }';
  expect((await pay(variable, { m: 100 })).points).toBe(3 + 2 + 5);
});

test('charges nested lists and counts for each parent', async () => {
  const one = await pay('{ memberState(code: "FR") { notificationFiles { total { value } } } }');
  const all = await pay('{ memberStates { notificationFiles { total { value } } } }');
  expect(all.points - one.points).toBe(26 * (25 + 20));
  const each = await pay(
    '{ advisories(first: 100) { nodes { vulnerabilities { mispEvents(first: 1) { total { value } } } } } }',
  );
  expect(each.points).toBe(6 + 100 * (1 + 10 * (1 + 20)) + 5);
});

test('does not multiply a total by the rows of its own list', async () => {
  const { points } = await pay('{ advisories(first: 100) { nodes { id } total { value } } }');
  expect(points).toBe(5 + 100 + 20 + 5);
});

test('charges for what the audit log keeps, by the KiB', async () => {
  const text = `{ organisation(id: "${'x'.repeat(20 * 1024)}") { name } }`;
  expect((await pay(text)).points).toBe(2 + 5 + 20 * 10);
});
