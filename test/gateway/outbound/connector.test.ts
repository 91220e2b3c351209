import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { LookupAddress } from 'node:dns';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { createConnector } from '../../../gateway/outbound/connector.ts';

let server: Server;
let port = 0;

beforeAll(async () => {
  server = createServer((_request, response) => void response.end('up')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

async function get(host: string, ...addresses: readonly LookupAddress[]): Promise<string> {
  const agent = new Agent({
    connect: createConnector({ ca: null, timeoutMs: 1000 }, (_host, _options, found) =>
      found(null, [...addresses]),
    ),
  });
  try {
    const { body } = await request(`http://${host}:${port}/`, { dispatcher: agent });
    return await body.text();
  } finally {
    await agent.close();
  }
}

const loopback = { address: '127.0.0.1', family: 4 } as const;

test('connects to the address that DNS gives', async () => {
  expect(await get('enisa.example', loopback)).toBe('up');
});

test.each([
  { address: '169.254.169.254', family: 4 },
  { address: 'fe80::1', family: 6 },
  { address: '::ffff:169.254.169.254', family: 6 },
  { address: '0.0.0.0', family: 4 },
  { address: '::', family: 6 },
])('connects to no host for which DNS gives $address, alone or with others', async (forbidden) => {
  await expect(get('enisa.example', forbidden)).rejects.toThrow(/link-local/);
  await expect(get('enisa.example', loopback, forbidden)).rejects.toThrow(/link-local/);
});

test('connects to no forbidden address without a host name', async () => {
  for (const host of ['0.0.0.0', '[::]', '169.254.169.254'])
    await expect(get(host, loopback)).rejects.toThrow(/link-local/);
});

test('reports a host without an address', async () => {
  await expect(get('enisa.example')).rejects.toThrow();
});
