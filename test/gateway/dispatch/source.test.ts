import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { pino } from 'pino';
import { createAgent, fetchPart } from '../../../gateway/dispatch/fetch-part.ts';
import { createSource } from '../../../gateway/dispatch/source.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

/** What the subgraph of this test answers: one that was taken over says whatever it likes. */
let said: unknown = {};
const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(said));
  });
});
const agent = createAgent();

beforeAll(async () => await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(async () => {
  await agent.close();
  server.close();
});

async function askOf(answer: unknown) {
  said = answer;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const source = createSource(
    'europol',
    async (body) => await fetchPart(url, body, {}, 2000, agent),
    pino({ level: 'silent' }),
  );
  const context: RequestContext = {
    reader: readerOf(),
    token: { clientId: 'test', id: null },
    correlationId: 'test',
    at: new Date(),
    policy,
    deadline: Date.now() + 2000,
    disclosed: [],
    lost: new Set(),
    told: new Set(),
    budget: undefined,
    setHeaders: () => undefined,
  };
  const request = { query: '{ ransomwareFamilies { nodes { name } } }', variables: {} };
  const { data } = await source.process({ request, context } as never);
  return { data, context };
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

test('a part gives what it was asked, with what it disclosed under its own name', async () => {
  const data = { ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } };
  const answer = await askOf({ data, extensions: { disclosed: [{ ...disclosure, community: 'enisa' }] } });
  expect(answer.data).toEqual(data);
  expect(answer.context.disclosed).toEqual([{ ...disclosure, community: 'europol' }]);
  expect([...answer.context.lost]).toEqual([]);
});

test('a part that was taken over cannot answer for another: what it was not asked is not merged', async () => {
  const data = {
    ransomwareFamilies: { nodes: [{ name: 'EXERCISE', serial: 'forged' }] },
    advisories: { nodes: [{ serial: 'forged' }] },
  };
  const answer = await askOf({ data, extensions: { disclosed: [] } });
  expect(answer.data).toEqual({ ransomwareFamilies: { nodes: [{ name: 'EXERCISE' }] } });
});

test.each([
  ['says nothing of what it disclosed', { data: { ransomwareFamilies: null } }],
  ['says something else', { data: { ransomwareFamilies: null }, extensions: { disclosed: [{ id: 7 }] } }],
  ['gives a leaf for an object', { data: { ransomwareFamilies: 'x' }, extensions: { disclosed: [] } }],
  ['gives no answer of GraphQL', 'words'],
])('a part that %s is lost, and nothing of it is taken', async (_what, answer) => {
  const { data, context } = await askOf(answer);
  expect(data).toBeNull();
  expect([...context.lost]).toEqual(['europol']);
});

test('what a part says of its errors reaches the reader as a code of the table, or not at all', async () => {
  const errors = [
    { message: 'secret', extensions: { code: 'BAD_CURSOR', secret: 1 } },
    { message: 'secret', extensions: { code: 'INTERNAL' } },
  ];
  const { context } = await askOf({
    data: { ransomwareFamilies: null },
    errors,
    extensions: { disclosed: [] },
  });
  expect([...context.told]).toEqual(['BAD_CURSOR']);
  expect([...context.lost]).toEqual(['europol']);
});
