import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from 'undici';
import { createAgent } from '../../../gateway/dispatch/fetch-subgraph.ts';
import type { ChangeFeed } from '../../../gateway/live/change-feed.ts';
import { readLines } from '../../../gateway/live/change-lines.ts';
import { createChangeFeed } from '../../../gateway/live/feed.ts';
import { type ChangeEvent, writeChangeLine } from '../../../schema/protocol/change-event.ts';
import { until } from '../../helpers/until.ts';

/** The feed of a hub against a subgraph that the test plays: honest, dying, or hostile. */

let server: Server;
let agent: Agent;
let feed: ChangeFeed;
const stops: (() => void)[] = [];
let answer: (body: { after?: string; until?: string }, response: ServerResponse, at: number) => void;
let asked: { after?: string; until?: string }[] = [];
const warnings: string[] = [];
const rate = { bytesPerSecond: 2_000_000, linesPerSecond: 500 };

beforeEach(async () => {
  asked = [];
  warnings.length = 0;
  const listener: RequestListener = (request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const body = JSON.parse(text);
      asked.push(body);
      answer(body, response, asked.length);
    });
  };
  server = createServer(listener).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  agent = createAgent();
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  feed = createChangeFeed(
    'cert-eu',
    (kind) => kind === 'Advisory',
    async (request, take, signal) => {
      const body = JSON.stringify(request);
      await readLines({ origin, path: '/changes', body, authorization: 'x', agent, rate }, take, signal);
    },
    { warn: (details) => warnings.push(JSON.stringify(details)) },
  );
});
afterEach(async () => {
  for (const stop of stops.splice(0)) stop();
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const eventOf = (n: number, over: object = {}): ChangeEvent => ({
  kind: 'Advisory',
  id: `Advisory:${n}`,
  version: 1,
  isNew: true,
  admits: ['8|real|anyone;u'],
  before: [],
  position: `p${n}`,
  ...over,
});
const line = (n: number, over: object = {}) => writeChangeLine({ event: eventOf(n, over) });
const ready = writeChangeLine({ ready: 'p0' });

function listen() {
  const got: (string | number)[] = [];
  const stop = feed.listen((event) => got.push(event === 'lost' ? 'lost' : Number(event.position.slice(1))));
  stops.push(stop);
  return { got, stop };
}

test('connects only while somebody listens, once for all, and is ready from a position on', async () => {
  let open = 0;
  answer = (_body, response) => {
    open += 1;
    response.once('close', () => (open -= 1));
    response.write(ready + line(1));
  };
  await sleep(50);
  expect(asked).toEqual([]);
  const [one, other] = [listen(), listen()];
  await expect(feed.ready(AbortSignal.timeout(5000))).resolves.toMatch(/^p[01]$/);
  await until('an event for both', () => one.got.length === 1 && other.got.length === 1);
  expect(asked).toEqual([{}]);
  one.stop();
  expect(open).toBe(1);
  other.stop();
  await until('no connection', () => open === 0);
});

test('continues from its last position after the subgraph dies, also in the middle of a line', async () => {
  answer = (_body, response, at) => {
    if (at === 1) {
      response.write(ready + line(1) + line(2) + line(3).slice(0, 20));
      setTimeout(() => response.destroy(), 50);
    } else response.write(line(3) + ready.replace('p0', 'p3') + line(4));
  };
  const { got, stop } = listen();
  await until('four events', () => got.length === 4);
  expect([got, asked]).toEqual([
    [1, 2, 3, 4],
    [{}, { after: 'p2' }],
  ]);
  stop();
});

test('reports lost events once the store no longer has the position, and begins again', async () => {
  answer = (body, response, at) => {
    if (at === 1) {
      response.write(ready + line(1));
      setTimeout(() => response.destroy(), 20);
    } else if (body.after !== undefined) response.end(writeChangeLine({ expired: true }));
    else response.write(ready + line(9));
  };
  const { got, stop } = listen();
  await until('event 9', () => got.includes(9));
  expect([got, asked]).toEqual([
    [1, 'lost', 9],
    [{}, { after: 'p1' }, {}],
  ]);
  stop();
});

test.each([
  ['no JSON', 'nonsense\n'],
  ['another form', '{"event":{"kind":"Advisory"}}\n'],
  ['a kind of another community', line(5, { kind: 'Contribution', id: 'Contribution:5' })],
  ['an id of another kind', line(5, { id: 'Contribution:5' })],
  ['a line without end', '{"event":"'.padEnd(1_200_000, 'x')],
  ['an end where none was asked', '{"done":"p5"}\n'],
])('ends the stream at %s, and gives none of it to listeners', async (_what, bad) => {
  answer = (_body, response, at) => {
    if (at === 1) {
      response.write(ready + line(1));
      setTimeout(() => response.write(bad), 50);
    } else response.write(ready + line(7));
  };
  const { got, stop } = listen();
  await until('event 7', () => got.includes(7));
  expect(got).toEqual([1, 7]);
  expect(warnings).toHaveLength(1);
  stop();
});

test('skips a line that is malformed three times, and reports lost events', async () => {
  answer = (body, response) => {
    if (body.after === 'p1') response.write(line(5, { id: 'Contribution:5' }));
    else if (asked.length === 1) response.write(ready + line(1) + line(5, { id: 'Contribution:5' }));
    else response.write(ready + line(7));
  };
  const { got, stop } = listen();
  await until('event 7', () => got.includes(7));
  expect([got, asked]).toEqual([
    [1, 'lost', 7],
    [{}, { after: 'p1' }, { after: 'p1' }, {}],
  ]);
  stop();
});

test('follows no redirect', async () => {
  const elsewhere: string[] = [];
  const other = createServer((request, response) => {
    elsewhere.push(request.url ?? '');
    response.end();
  }).listen(0);
  answer = (_body, response) => {
    const { port } = other.address() as AddressInfo;
    response.writeHead(307, { location: `http://127.0.0.1:${port}/changes` }).end();
  };
  const { stop } = listen();
  await until('a second attempt', () => asked.length >= 2);
  stop();
  expect(elsewhere).toEqual([]);
  other.close();
});

test('reads a flood at a limited rate, and loses none of it', async () => {
  const all = Array.from({ length: 3000 }, (_, n) => line(n + 1));
  answer = (_body, response) => response.write(ready + all.join(''));
  const { got, stop } = listen();
  const began = performance.now();
  await until('all events', () => got.length === all.length);
  expect(performance.now() - began).toBeGreaterThan(1500);
  expect(got).toEqual(all.map((_, n) => n + 1));
  stop();
});

async function past(position: string): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { id } of feed.after(position, 'u-1', AbortSignal.timeout(8000))) found.push(id);
  return found;
}

test('reads the past to its end, and rejects if it ends too early or has expired', async () => {
  answer = ({ after }, response) => {
    if (after === 'whole') response.end(line(1) + line(2) + writeChangeLine({ done: 'p2' }));
    else if (after === 'short') response.end(line(1));
    else response.end(writeChangeLine({ expired: true }));
  };
  await expect(past('whole')).resolves.toEqual(['Advisory:1', 'Advisory:2']);
  await expect(past('short')).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
  await expect(past('gone')).rejects.toMatchObject({ code: 'RESUME_EXPIRED' });
  expect(asked[0]).toEqual({ after: 'whole', until: 'now' });
});

test('reads the past for later readers after eight readers have left in the middle', async () => {
  answer = ({ after }, response) => {
    if (after === 'endless') response.write(Array.from({ length: 400 }, (_, n) => line(n)).join(''));
    else response.end(writeChangeLine({ done: 'p1' }));
  };
  const leaving = Array.from({ length: 8 }, async () => {
    for await (const event of feed.after('endless', 'u-1', AbortSignal.timeout(8000))) return event.id;
    return null;
  });
  expect(new Set(await Promise.all(leaving))).toEqual(new Set(['Advisory:0']));
  const none = await Array.fromAsync(feed.after('whole', 'u-1', AbortSignal.timeout(8000)));
  expect(none).toEqual([]);
});
