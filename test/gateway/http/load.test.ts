import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import express from 'express';
import { pino } from 'pino';
import { Load } from '../../../gateway/http/load.ts';
import { failSafely, setCommonHeaders } from '../../../gateway/http/responses.ts';

const ends: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Serves requests that end when `finish` is called, behind the load check. */
async function serve(limits = { requests: 2, delayMs: 500 }) {
  let delay = 0;
  const load = new Load(limits, () => delay);
  const started: (() => void)[] = [];
  let identified = 0;
  const app = express().use(setCommonHeaders, load.admit, (_request, response) => {
    identified += 1;
    started.push(() => void response.json({ data: null }));
  });
  const server = createServer(app.use(failSafely(pino({ level: 'silent' }))));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    load.stop();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    load,
    send: async () => await fetch(url, { method: 'POST', body: 'x'.repeat(200_000) }),
    untilStarted: async (count: number) => {
      while (started.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    finish: () => {
      for (const end of started.splice(0)) end();
    },
    setDelay: (ms: number) => {
      delay = ms;
      load.measure();
    },
    identified: () => identified,
  };
}

async function untilReady(load: Load): Promise<void> {
  while (load.state() !== 'ready') await new Promise((resolve) => setTimeout(resolve, 5));
}

test('refuses a request above the number in progress before the identity stage, and recovers', async () => {
  const { load, send, untilStarted, finish, identified } = await serve();
  const first = [send(), send()];
  await untilStarted(2);
  expect(load.state()).toBe('overloaded');
  const refused = await send();
  expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toEqual([
    503,
    '2',
    {
      errors: [
        {
          message: 'The hub has too many requests in progress. Try again after the time in Retry-After.',
          extensions: { code: 'OVERLOADED' },
        },
      ],
    },
  ]);
  expect(identified()).toBe(2);
  finish();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
  await untilReady(load);
  const next = send();
  await untilStarted(1);
  finish();
  expect((await next).status).toBe(200);
});

test('refuses requests after two seconds of delay of the event loop, and not after one', async () => {
  const { load, send, untilStarted, finish, setDelay } = await serve();
  setDelay(501);
  expect(load.state()).toBe('ready');
  setDelay(0);
  setDelay(501);
  setDelay(501);
  expect([load.state(), (await send()).status]).toEqual(['overloaded', 503]);
  setDelay(500);
  expect(load.state()).toBe('ready');
  const next = send();
  await untilStarted(1);
  finish();
  expect((await next).status).toBe(200);
});

test('ends the connections of requests in progress and of later ones once it stops', async () => {
  const { load, send, untilStarted, finish } = await serve();
  const before = send();
  await untilStarted(1);
  load.stop();
  expect(load.state()).toBe('stopping');
  const after = send();
  await untilStarted(2);
  finish();
  for (const response of await Promise.all([before, after]))
    expect([response.status, response.headers.get('connection')]).toEqual([200, 'close']);
});

test('measures the delay of a busy process with the histogram of Node.js', async () => {
  const load = new Load({ requests: 1, delayMs: 40 });
  ends.push(async () => await Promise.resolve(load.stop()));
  const end = performance.now() + 10_000;
  while (load.state() === 'ready' && performance.now() < end) {
    for (const busy = performance.now() + 150; performance.now() < busy;);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(load.state()).toBe('overloaded');
});
