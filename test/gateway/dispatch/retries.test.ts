import { afterEach, expect, test } from '@jest/globals';
import { buildSchema, OperationTypeNode } from 'graphql';
import { createSecretKey, randomBytes } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAsk } from '../../../gateway/dispatch/ask-subgraph.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { createAgent, NoAnswer } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { Sessions } from '../../../gateway/dispatch/hub-sessions.ts';
import { RetryBudget, retryLimits } from '../../../gateway/dispatch/retry-budget.ts';
import { createShelter } from '../../../gateway/dispatch/shelter.ts';
import { createSource } from '../../../gateway/dispatch/source.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { createLog } from '../../../schema/runtime/log.ts';
import { queryOf } from '../../helpers/part-query.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';

const schema = buildSchema('type Query { a: Int } type Mutation { a: Int }');
const log = createLog('test', 'info', { write: () => undefined });
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

type Behaviour = (response: ServerResponse, number: number) => void;

const answers = (response: ServerResponse) =>
  void response.end('{"data":{"a":1},"extensions":{"disclosed":[]}}');
const closes = (response: ServerResponse) => void response.destroy();

function contextOf(signal = new AbortController().signal): RequestContext {
  return {
    reader: readerOf(),
    token: { clientId: 'test', id: null },
    budget: undefined,
    expiresAt: new Date('2099-01-01'),
    correlationId: 'c',
    at: new Date(),
    policy,
    deadline: Date.now() + 60_000,
    signal,
    setHeaders: () => undefined,
    observed: new Observed(),
  };
}

/** Serves a subgraph, and returns the source of its data, with the assertions that it got. */
async function serve(behaviour: Behaviour, clock = Date.now) {
  const assertions: string[] = [];
  const server = createServer((request, response) => {
    assertions.push(request.headers.authorization ?? '');
    const number = assertions.length;
    // A connection that is closed while its request is unread is reset: the reset could overtake the answer.
    request.resume().on('end', () => behaviour(response, number));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = createAgent();
  ends.push(async () => {
    await agent.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const key = createSecretKey(randomBytes(32));
  const session = { id: 's', deployment: 'trial', community: 'enisa', key, endsAt: new Date('2099-01-01') };
  const agree = async () => await Promise.resolve({ session, signedBy: 'k' });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const deadlineMs = 60_000;
  const sessions = new Sessions(agree, () => 'k', log);
  const shelter = createShelter('enisa', { atOnce: 64, deadlineMs }, log, clock);
  const source = createSource('enisa', createAsk({ url, deadlineMs, agent }, sessions), schema, shelter, log);
  const ask = async (operation = OperationTypeNode.QUERY, signal?: AbortSignal) => {
    const query = queryOf(`${operation} { a }`);
    const collected = createCollected();
    const request = contextOf(signal);
    const { data } = await source({ ...query, fetch: { ...query.fetch, operation } }, { request, collected });
    return { data, failed: [...collected.failedSubgraphs] };
  };
  return { ask, assertions, retries: () => shelter.state().retries };
}

const whole = { data: { a: 1 }, failed: [] };
const missing = { data: null, failed: ['enisa'] };

/** Returns the claims of an assertion. */
function claimsOf(authorization: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(authorization.split('.')[1] ?? '', 'base64url').toString()) as never;
}

test('answers a query whose connection is closed before an answer begins, with a new assertion', async () => {
  const { ask, assertions, retries } = await serve((response, number) =>
    number === 1 ? closes(response) : answers(response),
  );
  expect(await ask()).toEqual(whole);
  expect([assertions.length, new Set(assertions).size, retries()]).toEqual([2, 2, 1]);
  // A subgraph accepts each number of a session once.
  expect(assertions.map((one) => claimsOf(one)['number'])).toEqual([1, 2]);
});

test('answers a query that a subgraph meets with a closed keep-alive connection', async () => {
  const { ask, assertions } = await serve((response, number) =>
    number === 2 ? closes(response) : answers(response),
  );
  expect([await ask(), await ask()]).toEqual([whole, whole]);
  expect(assertions).toHaveLength(3);
});

test('never sends a mutation twice', async () => {
  const { ask, assertions } = await serve(closes);
  expect(await ask(OperationTypeNode.MUTATION)).toEqual(missing);
  expect(assertions).toHaveLength(1);
});

test.each<[string, Behaviour]>([
  ['half of an answer', (response) => void response.write('{"data":', () => response.destroy())],
  ['the header of an answer', (response) => (response.flushHeaders(), response.socket?.end())],
  ['status 500', (response) => void response.writeHead(500).end()],
  ['an answer that is not JSON', (response) => void response.end('<html>')],
])('never sends a query again after %s', async (_name, behaviour) => {
  const { ask, assertions } = await serve(behaviour);
  expect(await ask()).toEqual(missing);
  expect(assertions).toHaveLength(1);
});

test('sends a query again once, not until it is answered', async () => {
  const { ask, assertions } = await serve(closes);
  expect(await ask()).toEqual(missing);
  expect(assertions).toHaveLength(2);
});

test('sends 1,000 failing queries again at most 100 times', async () => {
  const now = Date.now();
  const { ask, assertions, retries } = await serve(closes, () => now);
  for (let round = 0; round < 50; round += 1)
    await Promise.all(Array.from({ length: 20 }, async () => await ask()));
  expect(retries()).toBe(100);
  expect(assertions).toHaveLength(1100);
});

test('does not send a query again for a client that has left', async () => {
  const client = new AbortController();
  const { ask, assertions } = await serve((response) => {
    client.abort();
    closes(response);
  });
  await ask(OperationTypeNode.QUERY, client.signal);
  expect(assertions).toHaveLength(1);
});

/** Runs queries that lose their connections through a shelter. Returns how often each ran. */
async function runLost(
  shelter: ReturnType<typeof createShelter>,
  queries: number,
  code: string,
  meanwhile: () => void = () => undefined,
): Promise<readonly number[]> {
  const ran: number[] = [];
  for (let at = 0; at < queries; at += 1) {
    let times = 0;
    const work = async () => {
      times += 1;
      meanwhile();
      return await Promise.reject(new NoAnswer(Object.assign(new Error('closed'), { code })));
    };
    await shelter.run(contextOf(), work, { mayRepeat: true }).catch(() => undefined);
    ran.push(times);
  }
  return ran;
}

test('does not send a query again after its deadline', async () => {
  let now = Date.now();
  const shelter = createShelter('enisa', { atOnce: 64, deadlineMs: 1000 }, log, () => now);
  expect(await runLost(shelter, 1, 'ECONNRESET', () => (now += 1000))).toEqual([1]);
});

test('does not send the trial of a sick subgraph again', async () => {
  let now = Date.now();
  const shelter = createShelter('enisa', { atOnce: 64, deadlineMs: 1000 }, log, () => now);
  // After five queries without a connection, the breaker is open: no query is sent at all, then one trial.
  expect(await runLost(shelter, 6, 'ECONNREFUSED')).toEqual([2, 2, 2, 2, 2, 0]);
  // The budget has retries again by then.
  now += retryLimits.windowMs;
  expect(await runLost(shelter, 2, 'ECONNREFUSED')).toEqual([1, 0]);
});

test('gives retries back when the queries and retries before have left the window', () => {
  let now = 1_000_000_000;
  const budget = new RetryBudget(() => now);
  const takeAll = () => {
    let taken = 0;
    while (budget.take()) taken += 1;
    return taken;
  };
  expect(takeAll()).toBe(retryLimits.burst);
  for (let at = 0; at < 200; at += 1) budget.addQuery();
  expect(takeAll()).toBe(20 - retryLimits.burst);
  now += retryLimits.windowMs - 1000;
  expect(takeAll()).toBe(0);
  now += 1000;
  expect(takeAll()).toBe(retryLimits.burst);
  expect(budget.taken).toBe(20 + retryLimits.burst);
  // A clock that is set back gives nothing more.
  now -= 60_000;
  expect(takeAll()).toBe(0);
});
