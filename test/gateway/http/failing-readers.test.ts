import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import express, { type Request, type Response } from 'express';
import { FailingReaders, failureLimits } from '../../../gateway/http/failing-readers.ts';
import { countFailures } from '../../../gateway/http/failures.ts';
import { readBody } from '../../../gateway/http/request-body.ts';
import { setCommonHeaders } from '../../../gateway/http/responses.ts';

const ends: (() => Promise<unknown>)[] = [];
const { burst, perSecond } = failureLimits;

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** Serves requests whose status is in their path. Those with the header `known` or `other` have a reader. */
async function serve() {
  const state = { now: 0, identified: 0 };
  const counted: (readonly [string, string | null])[] = [];
  const failing = new FailingReaders(() => state.now);
  const attempts = {
    count: (code: string, organisation: string | null) => void counted.push([code, organisation]),
  };
  const stages = [setCommonHeaders, countFailures(attempts), failing.admit, readBody];
  const app = express().use(...stages, (request: Request, response: Response) => {
    state.identified += 1;
    if (request.headers.authorization !== 'unknown')
      response.locals['context'] = { reader: { organisation: 'csirt-fr' } };
    response.status(Number(request.path.slice(1))).json({});
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const send = async (status: number, authorization = 'known', bytes = 1000) =>
    await fetch(`${url}/${status}`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'x'.repeat(bytes) }),
    });
  const fail = async (times: number, status = 400, authorization = 'known') => {
    for (let at = 0; at < times; at += 1) await send(status, authorization);
  };
  return { state, counted, send, fail };
}

test('refuses a token whose requests keep failing before the identity stage', async () => {
  const { state, counted, send, fail } = await serve();
  await fail(burst);
  const refused = await send(200);
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
  expect(await refused.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  expect(state.identified).toBe(burst);
  expect(counted.at(-1)).toEqual(['RATE_LIMITED', 'csirt-fr']);
});

test('admits one more request as soon as the rate allows one more failure', async () => {
  const { state, send, fail } = await serve();
  await fail(burst);
  state.now += 1000 / perSecond;
  expect((await send(400)).status).toBe(400);
  expect((await send(200)).status).toBe(429);
  state.now += (1000 * burst) / perSecond;
  expect((await send(200)).status).toBe(200);
});

test('counts a large request that fails more often than a small one', async () => {
  const { state, send } = await serve();
  const bytes = (failureLimits.bytes * burst) / 4;
  for (let at = 0; at < 4; at += 1) expect((await send(400, 'known', bytes)).status).toBe(400);
  expect((await send(200)).status).toBe(429);
  expect(state.identified).toBe(4);
});

test('does not refuse another token', async () => {
  const { send, fail } = await serve();
  await fail(burst);
  expect((await send(200)).status).toBe(429);
  expect((await send(200, 'other')).status).toBe(200);
});

test('counts neither answers nor failures of the hub nor tokens that were not accepted', async () => {
  const { send, fail } = await serve();
  await fail(burst, 200);
  await fail(burst, 503);
  await fail(burst, 401, 'unknown');
  expect((await send(200)).status).toBe(200);
  expect((await send(401, 'unknown')).status).toBe(401);
});
