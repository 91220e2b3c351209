import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { buildSchema } from 'graphql';
import { createAgent, fetchSubgraph } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { createShelter } from '../../../gateway/dispatch/shelter.ts';
import { createSource } from '../../../gateway/dispatch/source.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { createLog } from '../../../schema/runtime/log.ts';
import { queryOf } from '../../helpers/part-query.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

const schema = buildSchema(readFileSync('schema/published.graphql', 'utf8'));

/** The response of the subgraph. A compromised subgraph can send anything. */
let response: unknown = {};
const server = createServer((request, outgoing) => {
  request.resume().on('end', () => {
    outgoing.setHeader('content-type', 'application/json').end(JSON.stringify(response));
  });
});
const agent = createAgent();

beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  await agent.close();
  server.close();
});

async function askOf(answer: unknown, lines: string[] = []) {
  response = answer;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const log = createLog('test', 'warn', { write: (line) => void lines.push(line) });
  const source = createSource(
    'europol',
    async (body, _context, reading) => await fetchSubgraph(url, body, {}, 2000, agent, reading),
    schema,
    createShelter('europol', { atOnce: 64, deadlineMs: 2000 }, log),
    log,
  );
  const request: RequestContext = {
    reader: readerOf(),
    token: { clientId: 'test', id: null },
    expiresAt: new Date('2027-01-01T00:00:00Z'),
    correlationId: 'test',
    at: new Date(),
    policy,
    deadline: Date.now() + 2000,
    signal: new AbortController().signal,
    budget: undefined,
    setHeaders: () => undefined,
    observed: new Observed(),
  };
  const query = queryOf('{ ransomwareFamilies { nodes { name } } }');
  const collected = createCollected();
  const { data } = await source(query, { request, collected });
  return { data, collected };
}

const disclosure = {
  type: 'RansomwareFamily',
  id: 'RansomwareFamily:1',
  version: 1,
  tlp: 'GREEN',
  pap: 'CLEAR',
  handlingCodes: [],
  extraRestrictions: [],
  audience: null,
  portions: [],
};

test('returns the requested data, and records disclosures under the subgraph’s own name', async () => {
  const data = { ransomwareFamilies: { nodes: [{ name: 'EXERCISE', _row: 'RansomwareFamily:1' }] } };
  const answer = await askOf({ data, extensions: { disclosed: [{ ...disclosure, community: 'enisa' }] } });
  expect(answer.data).toEqual({ ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } });
  expect(answer.collected.disclosed).toEqual([{ ...disclosure, community: 'europol' }]);
  expect([...answer.collected.failedSubgraphs]).toEqual([]);
});

test('lets an answer be shared only if the subgraph allows it and its disclosures permit it', async () => {
  const data = { ransomwareFamilies: { nodes: [{ name: 'EXERCISE', _row: 'RansomwareFamily:1' }] } };
  const unshared = async (changes: object, shareable?: unknown) => {
    const extensions = { disclosed: [{ ...disclosure, ...changes }], shareable };
    return [...(await askOf({ data, extensions })).collected.unshared];
  };
  expect(await unshared({}, true)).toEqual([]);
  expect(await unshared({ tlp: 'AMBER_STRICT', audience: ['csirt-fr'] }, true)).toEqual([]);
  for (const stated of [undefined, false, 'true', 1]) expect(await unshared({}, stated)).toEqual(['europol']);
  const { path: _path, ...portion } = { ...disclosure, path: 'name' };
  for (const secret of [
    { tlp: 'RED', audience: [] },
    { handlingCodes: ['H1'] },
    { extraRestrictions: ['ask'] },
    { portions: [{ ...portion, path: 'name', tlp: 'RED' }] },
  ])
    expect(await unshared(secret, true)).toEqual(['europol']);
});

test('removes data that a compromised subgraph adds', async () => {
  const data = {
    ransomwareFamilies: { nodes: [{ name: 'EXERCISE', serial: 'forged', _row: 'RansomwareFamily:1' }] },
    advisories: { nodes: [{ serial: 'forged' }] },
  };
  const answer = await askOf({ data, extensions: { disclosed: [disclosure] } });
  expect(answer.data).toEqual({ ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } });
});

test.each([
  ['reports no disclosures', { data: { ransomwareFamilies: null } }],
  [
    'reports malformed disclosures',
    { data: { ransomwareFamilies: null }, extensions: { disclosed: [{ id: 7 }] } },
  ],
  [
    'returns a leaf in place of an object',
    { data: { ransomwareFamilies: 'x' }, extensions: { disclosed: [] } },
  ],
  ['returns no GraphQL response', 'words'],
])('discards the response of a subgraph that %s', async (_what, answer) => {
  const { data, collected } = await askOf(answer);
  expect(data).toBeNull();
  expect([...collected.failedSubgraphs]).toEqual(['europol']);
  expect([...collected.places]).toEqual([['europol', [['ransomwareFamilies']]]]);
});

test('passes only the permitted error codes of a subgraph to the reader', async () => {
  const errors = [
    { message: 'secret', path: ['ransomwareFamilies'], extensions: { code: 'BAD_CURSOR', secret: 1 } },
    { message: 'secret', extensions: { code: 'INTERNAL' } },
  ];
  const { collected } = await askOf({
    data: { ransomwareFamilies: null },
    errors,
    extensions: { disclosed: [] },
  });
  expect([...collected.errorCodes]).toEqual(['BAD_CURSOR']);
  expect([...collected.failedSubgraphs]).toEqual(['europol']);
  expect([...collected.places]).toEqual([
    ['BAD_CURSOR', [['ransomwareFamilies']]],
    ['europol', [['ransomwareFamilies']]],
  ]);
});

const rowOf = (id: string) => ({ name: 'EXERCISE', _row: id });

test.each([
  ['a record whose disclosure is not reported', ['RansomwareFamily:1', 'RansomwareFamily:2']],
  ['records, and reports none', ['RansomwareFamily:7']],
])('discards the response of a subgraph that returns %s', async (_what, ids) => {
  const data = { ransomwareFamilies: { nodes: ids.map(rowOf) } };
  const answer = await askOf({ data, extensions: { disclosed: [disclosure] } });
  expect([answer.data, [...answer.collected.failedSubgraphs], answer.collected.disclosed]).toEqual([
    null,
    ['europol'],
    [],
  ]);
});

test.each([
  ['the end of the record', { gone: true }],
  ['a count', { count: 1 }],
])('does not take %s for the disclosure of a record in the data', async (_what, reported) => {
  const data = {
    ransomwareFamilies: { nodes: [{ __typename: 'RansomwareFamily', id: 'RansomwareFamily:1' }] },
  };
  const answer = await askOf({ data, extensions: { disclosed: [{ ...disclosure, ...reported }] } });
  expect([answer.data, [...answer.collected.failedSubgraphs]]).toEqual([null, ['europol']]);
});

test('records the end of a record with the strictest marking, whatever the subgraph states', async () => {
  const reported = [{ ...disclosure, tlp: 'CLEAR', gone: true }];
  const answer = await askOf({ data: { ransomwareFamilies: null }, extensions: { disclosed: reported } });
  const { type, id, version } = disclosure;
  const marking = { tlp: 'AMBER_STRICT', pap: 'RED', handlingCodes: [], extraRestrictions: [] };
  expect(answer.collected.disclosed).toEqual([
    { community: 'europol', type, id, version, ...marking, audience: [], portions: [], gone: true },
  ]);
  const wrong = [{ ...disclosure, gone: false }];
  const refused = await askOf({ data: { ransomwareFamilies: null }, extensions: { disclosed: wrong } });
  expect([...refused.collected.failedSubgraphs]).toEqual(['europol']);
});

test('takes a record that is disclosed but not in the data', async () => {
  const answer = await askOf({
    data: { ransomwareFamilies: { nodes: [] } },
    extensions: { disclosed: [disclosure] },
  });
  expect([answer.collected.disclosed.length, answer.collected.failedSubgraphs.size]).toEqual([1, 0]);
});

const many = (count: number, one: object) =>
  Array.from({ length: count }, (_, at) => ({ ...one, version: at }));

test.each([
  ['20 MB of malformed disclosures', many(1_000_000, { id: 7 })],
  ['1 MB of malformed disclosures', many(9999, { ...disclosure, tlp: 'x'.repeat(50) })],
  ['more disclosures than an entry takes', many(10_001, disclosure)],
  [
    '9.8 MB of well-formed disclosures',
    many(6000, { ...disclosure, extraRestrictions: Array.from({ length: 3 }, () => 'x'.repeat(490)) }),
  ],
])('discards %s with one short fault, and keeps the room of others', async (_what, disclosed) => {
  const lines: string[] = [];
  const answer = await askOf({ data: { ransomwareFamilies: null }, extensions: { disclosed } }, lines);
  expect([...answer.collected.failedSubgraphs]).toEqual(['europol']);
  expect(answer.collected.disclosed).toEqual([]);
  expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
    { part: 'europol', msg: 'a subgraph failed' },
  ]);
  expect(lines.join('').length).toBeLessThan(5000);
  expect(() =>
    answer.collected.room.take('enisa', [{ ...disclosure, community: 'enisa' } as never]),
  ).not.toThrow();
});
