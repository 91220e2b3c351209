import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { AnswerSizes } from '../../../gateway/dispatch/answer-size.ts';
import { createAgent, fetchSubgraph } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { PartUnavailable } from '../../../gateway/dispatch/part-unavailable.ts';
import { createShelter } from '../../../gateway/dispatch/shelter.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { createLog } from '../../../schema/runtime/log.ts';
import { readerOf } from '../../helpers/records.ts';

const deadlineMs = 1000;
const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

function contextOf(subject: string, signal = new AbortController().signal): RequestContext {
  return { reader: { ...readerOf(), subject }, deadline: Date.now() + 10_000, signal } as RequestContext;
}

/** Serves a subgraph, and returns a function that asks it through a shelter. */
async function serve(answer: RequestListener, atOnce = 64, clock = Date.now) {
  const log: string[] = [];
  const write = (line: string) => void log.push((JSON.parse(line) as { msg: string }).msg);
  const shelter = createShelter('enisa', { atOnce, deadlineMs }, createLog('test', 'info', { write }), clock);
  let asked = 0;
  const server: Server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
  const agent = createAgent(null, atOnce);
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  ends.push(async () => {
    await agent.destroy();
    await close();
  });
  const ask = async (context: RequestContext) =>
    await shelter.run(context, async ({ deadline }) => {
      const size = shelter.limit(new AnswerSizes().start('enisa', { bytes: 0 }));
      return await fetchSubgraph(url, '{}', {}, deadline - clock(), agent, {
        size,
        signal: context.signal,
      });
    });
  return { ask, log, close, asked: () => asked };
}

/** Returns a clock that stands still: a slow machine then fails as often in one window as a fast one. */
function stoppedClock(): () => number {
  const now = Date.now();
  return () => now;
}

const hangs: RequestListener = (request) => void request.resume();
const answers: RequestListener = (_request, response) => void response.end('{"data":{}}');

test('fails at once while a subgraph hangs, and asks it again after a trial', async () => {
  let handle = hangs;
  const { ask, log, asked } = await serve((request, response) => handle(request, response));
  const readers = ['a', 'b', 'c'].map((name) => contextOf(name));
  const first = await Promise.allSettled(
    Array.from({ length: 21 }, async (_, at) => await ask(readers[at % 3] as RequestContext)),
  );
  expect(first.every(({ status }) => status === 'rejected')).toBe(true);
  expect([log, asked()]).toEqual([['a subgraph keeps failing: it is not asked for some time'], 21]);
  const others = await Promise.allSettled(
    Array.from({ length: 100 }, async (_, at) => await ask(contextOf(`reader-${at}`))),
  );
  expect(others.every((one) => one.status === 'rejected' && one.reason instanceof PartUnavailable)).toBe(
    true,
  );
  expect(asked()).toBe(21);
  handle = answers;
  await new Promise((resolve) => setTimeout(resolve, 1050));
  let parted = 0;
  const sharedBy = { count: () => 1, part: () => void (parted += 1) };
  await expect(ask({ ...contextOf('d'), sharedBy })).resolves.toMatchObject({ data: {} });
  await expect(ask({ ...contextOf('a'), sharedBy })).resolves.toMatchObject({ data: {} });
  // Only the trial could take long.
  expect(parted).toBe(1);
  expect(log[1]).toBe('a subgraph answers again: it is asked by every query');
});

test('keeps asking for the others if the queries of one reader alone hang', async () => {
  const { ask, log } = await serve(hangs);
  await Promise.allSettled(Array.from({ length: 60 }, async () => await ask(contextOf('a'))));
  await Promise.allSettled(Array.from({ length: 60 }, async () => await ask(contextOf('a'))));
  expect(log).toEqual([]);
});

test('waits for a slot within the deadline, not in addition to it', async () => {
  const { ask } = await serve(hangs, 2);
  const start = performance.now();
  await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map(async (name) => await ask(contextOf(name))));
  expect(performance.now() - start).toBeLessThan(2 * deadlineMs);
});

test('stops asking a subgraph that refuses connections, also with one reader', async () => {
  const { ask, log, close } = await serve(answers);
  await close();
  for (let at = 0; at < 5; at += 1)
    await expect(ask(contextOf('a'))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(log).toHaveLength(1);
  await expect(ask(contextOf('a'))).rejects.toThrow(PartUnavailable);
});

test.each([
  ['status 400', 400],
  ['status 401', 401],
  ['status 413', 413],
])('does not count %s against the subgraph: one reader’s query can cause it', async (_name, status) => {
  const answer: RequestListener = (_request, response) => void response.writeHead(status).end();
  const { ask, log } = await serve(answer, 64, stoppedClock());
  for (let at = 0; at < 30; at += 1) await ask(contextOf(`reader-${at % 4}`)).catch(() => undefined);
  expect(log).toEqual([]);
});

test.each<[string, RequestListener]>([
  ['status 500', (_request, response) => void response.writeHead(500).end()],
  ['an answer that is not JSON', (_request, response) => void response.end('<html>')],
  ['an answer that is too large', (_request, response) => void response.end('x'.repeat(9_000_000))],
])('counts %s against the subgraph', async (_name, answer) => {
  const { ask, log } = await serve(answer, 64, stoppedClock());
  for (let at = 0; at < 30; at += 1) await ask(contextOf(`reader-${at % 4}`)).catch(() => undefined);
  expect(log).toHaveLength(1);
});

test('does not count clients that left', async () => {
  const { ask, log } = await serve(hangs);
  const client = new AbortController();
  const asking = Array.from(
    { length: 30 },
    async (_, at) => await ask(contextOf(`reader-${at % 4}`, client.signal)),
  );
  client.abort();
  await Promise.allSettled(asking);
  expect(log).toEqual([]);
});
