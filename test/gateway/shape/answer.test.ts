import { expect, test } from '@jest/globals';
import { buildSchema, parse } from 'graphql';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { type Asked, shapeAnswer } from '../../../gateway/shape/answer.ts';
import { errorTable, type HubErrorCode } from '../../../schema/errors.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { readerOf } from '../../helpers/records.ts';
import { disclosure } from '../audit/facts.ts';

const schema = buildSchema(`
  type Query { advisory: Advisory state: String many: [Advisory] }
  type Advisory { id: ID serial: String }`);
const context = { reader: readerOf({ picture: 'exercise:blue' }), correlationId: 'c-1' };

function asked(document: string | null, changes: Partial<Asked> = {}): Asked {
  const parsed = document === null ? null : parse(document);
  const rest = { operationName: null, variables: {}, refusedAt: [], isPruned: false, order: [] };
  return { document: parsed, ...rest, ...changes };
}

function gathered(data: Readonly<Record<string, unknown>> | null, codes: readonly HubErrorCode[] = []) {
  const written = data === null ? null : new WrittenData(JSON.stringify(data));
  return { written, collected: { ...createCollected(), errorCodes: new Set(codes) } };
}

const shape = (found: ReturnType<typeof gathered>, what: Asked, shown = {}) =>
  JSON.parse(JSON.stringify(shapeAnswer(found, what, shown, context, schema))) as ReturnType<
    typeof shapeAnswer
  >;

test('returns the data unchanged, with picture and correlation id, if nothing was removed', () => {
  expect(shape(gathered({ state: 'x' }), asked('{ state }'))).toEqual({
    data: { state: 'x' },
    extensions: { picture: 'exercise:blue', holds: null, correlationId: 'c-1' },
  });
});

test('puts null at removed coordinates, in the requested order', () => {
  const what = asked('{ a: advisory { serial id } state }', {
    isPruned: true,
    refusedAt: [{ path: ['a', 'serial'], coordinates: ['Advisory.serial'] }],
  });
  const { data, errors } = shape(gathered({ state: 'x', a: { id: '1' } }), what);
  expect(JSON.stringify(data)).toBe('{"a":{"serial":null,"id":"1"},"state":"x"}');
  expect(errors).toMatchObject([
    {
      message: errorTable.REFUSED.message,
      path: ['a', 'serial'],
      extensions: { code: 'REFUSED', coordinates: ['Advisory.serial'] },
    },
  ]);
});

test('reads own keys only, so that an alias such as toString gives null', () => {
  const what = asked('{ toString: state constructor: advisory { id } }', { isPruned: true });
  expect(shape(gathered(null), what).data).toEqual({ toString: null, constructor: null });
});

test('returns one error for each cause, in a constant order, without any text of a subgraph', () => {
  const collected = createCollected();
  for (const name of ['europol', 'enisa']) collected.failedSubgraphs.add(name);
  for (const code of ['REFUSED', 'BAD_USER_INPUT', 'BAD_CURSOR'] as const) collected.errorCodes.add(code);
  const { errors } = shape(
    { ...gathered({}), collected },
    asked('{ state }', { refusedAt: [{ path: ['state'], coordinates: ['Query.state'] }] }),
  );
  expect(errors?.every(({ path }) => path?.[0] === 'state')).toBe(true);
  expect(errors?.map(({ message, extensions }) => [message, extensions])).toEqual([
    [errorTable.REFUSED.message, { code: 'REFUSED', coordinates: ['Query.state'] }],
    [errorTable.BAD_CURSOR.message, { code: 'BAD_CURSOR' }],
    [errorTable.BAD_USER_INPUT.message, { code: 'BAD_USER_INPUT' }],
    [errorTable.PART_UNAVAILABLE.message, { code: 'PART_UNAVAILABLE', part: 'enisa' }],
    [errorTable.PART_UNAVAILABLE.message, { code: 'PART_UNAVAILABLE', part: 'europol' }],
  ]);
});

test('returns a REFUSED of the hub subgraph if the decision refused nothing', () => {
  const { errors } = shape(gathered({}, ['REFUSED']), asked('{ state }'));
  expect(errors?.map(({ path }) => path)).toEqual([['state']]);
});

test('states the joined markings of the disclosed records', () => {
  const collected = createCollected();
  collected.disclosed.push(disclosure({ tlp: 'AMBER' }));
  const { extensions } = shape({ ...gathered({}), collected }, asked('{ state }'));
  expect(extensions?.['holds']).toMatchObject({ tlp: 'AMBER', composable: true });
});

test('joins introspection and data in the requested order', () => {
  const what = asked('{ state }', { order: ['s', 'state', 't'] });
  const { data } = shape(gathered({ state: 'x' }), what, { t: 1, s: 2 });
  expect(JSON.stringify(data)).toBe('{"s":2,"state":"x","t":1}');
});

test('returns introspection alone if no data was requested, and null if the data is null', () => {
  const order = ['s'];
  expect(shape(gathered(null), asked(null, { order }), { s: 2 }).data).toEqual({ s: 2 });
  expect(shape(gathered(null), asked('{ state }', { order: ['s', 'state'] }), { s: 2 }).data).toBeNull();
});

test('gives each error of a failed subgraph the path of a field that is null', () => {
  const places = [
    ['many', '@', 'serial'],
    ['many', '@', '__alias'],
    ['gone', 'field'],
  ];
  const collected = { ...createCollected(), places: new Map([['enisa', places]]) };
  collected.failedSubgraphs.add('enisa');
  const data = { many: [{ serial: null }, { serial: 'kept' }, { serial: null }] };
  const { errors } = shape(
    { ...gathered(data), collected },
    asked('{ many { ...S } } fragment S on Advisory { serial }'),
  );
  expect(errors?.map(({ path, extensions }) => [path, extensions['part']])).toEqual([
    [['many', 0, 'serial'], 'enisa'],
    [['many', 2, 'serial'], 'enisa'],
  ]);
});
