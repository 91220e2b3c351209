import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createSocket, type Socket } from 'node:dgram';
import type { LookupAddress } from 'node:dns';
import { createResolve } from '../../../gateway/outbound/resolver.ts';

/** A name server that knows one host, and never answers for another one. */
let server: Socket;
let servers: readonly string[];

beforeAll(async () => {
  server = createSocket('udp4');
  server.on('message', (query, { port }) => {
    const answer = answerTo(query);
    if (answer !== null) server.send(answer, port, '127.0.0.1');
  });
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  servers = [`127.0.0.1:${server.address().port}`];
});
afterAll(async () => await new Promise<void>((resolve) => server.close(resolve)));

/** Writes the answer to a query (RFC 1035): 192.0.2.7 for an A record of a host, no record for the others. */
function answerTo(query: Buffer): Buffer | null {
  if (query.includes('silent')) return null;
  const end = query.indexOf(0, 12) + 5;
  const isA = query.readUInt16BE(end - 4) === 1;
  const head = Buffer.from(query.subarray(0, 12));
  head.writeUInt16BE(0x81_80, 2);
  head.writeUInt16BE(isA ? 1 : 0, 6);
  head.writeUInt32BE(0, 8);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7]);
  return Buffer.concat([head, query.subarray(12, end), ...(isA ? [record] : [])]);
}

async function lookUp(host: string): Promise<readonly LookupAddress[]> {
  const resolve = createResolve({ servers, timeoutMs: 200 });
  return await new Promise((found, reject) => {
    resolve(host, { all: true }, (error, addresses) => (error === null ? found(addresses) : reject(error)));
  });
}

test.each([
  ['127.0.0.2', { address: '127.0.0.2', family: 4 }],
  ['::1', { address: '::1', family: 6 }],
  ['localhost', { address: '127.0.0.1', family: 4 }],
  ['hooks.example', { address: '192.0.2.7', family: 4 }],
])('finds the address of %s', async (host, address) => {
  expect(await lookUp(host)).toEqual([address]);
});

test('gives up on a name server that never answers', async () => {
  await expect(lookUp('silent.example')).rejects.toMatchObject({ code: 'ETIMEOUT' });
});
