import { expect, test } from '@jest/globals';
import express from 'express';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { countFailures } from '../../../gateway/http/failures.ts';
import { failSafely, notFound, setCommonHeaders } from '../../../gateway/http/responses.ts';
import { HubError } from '../../../schema/errors.ts';

/** The counted failures of a server that answers `/CODE` with that error, `/bare` with 400 and `/ok` with 200. */
async function countedBy(...paths: readonly string[]): Promise<readonly unknown[]> {
  const counted: unknown[] = [];
  const app = express().use(
    setCommonHeaders,
    countFailures({ count: (...row) => void counted.push(row) }),
    (incoming, response, next) => {
      if (incoming.path === '/known') response.locals['context'] = { reader: { organisation: 'enisa' } };
      next();
    },
  );
  app.get('/ok', (_request, response) => void response.json({}));
  app.get('/bare', (_request, response) => void response.status(400).end());
  app.get(['/known', '/unknown'], () => {
    throw new HubError('RATE_LIMITED');
  });
  const server = createServer(app.use(notFound).use(failSafely(pino({ level: 'silent' })))).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const path of paths) {
    const sent = request({ port, path, agent: false }).end();
    const [response] = await once(sent, 'response');
    response.resume();
    await once(response, 'end');
  }
  server.close();
  await once(server, 'close');
  return counted;
}

test('counts a request that failed, with its code and the organisation of the reader', async () => {
  expect(await countedBy('/unknown', '/known', '/elsewhere', '/bare', '/ok')).toEqual([
    ['RATE_LIMITED', null],
    ['RATE_LIMITED', 'enisa'],
    ['NOT_FOUND', null],
    ['BAD_REQUEST', null],
  ]);
});
