import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Server } from 'node:http';
import { type AddressInfo, connect as connectPlain } from 'node:net';
import { connect } from 'node:tls';
import { certifyAuthority, certifyPart, newKey } from '../../../docker/deploy/certificates.ts';
import { createAgent, decode, post } from '../../../gateway/dispatch/fetch-subgraph.ts';
import { checkTls, createServerOf, schemeOf } from '../../../schema/runtime/tls.ts';

const now = new Date();
let server: Server;
let authority: string;
let other: string;

beforeAll(async () => {
  const [key, otherKey, own] = [newKey(), newKey(), newKey()];
  authority = await certifyAuthority(key, 'd', now);
  other = await certifyAuthority(otherKey, 'd', now);
  const tlsCert = await certifyPart({ key: own, names: ['localhost'] }, { key, certificate: authority }, now);
  server = createServerOf({ tlsCert, tlsKey: own }, (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const port = () => (server.address() as AddressInfo).port;

async function ask(host: string, ca: string | null) {
  const agent = createAgent(ca);
  try {
    const sent = {
      body: '{}',
      headers: {},
      deadlineMs: 3000,
      addBytes: () => undefined,
      signal: new AbortController().signal,
    };
    return decode(await post(`https://${host}:${port()}/`, sent, agent));
  } finally {
    await agent.close();
  }
}

test('connects to a subgraph with a certificate of the configured authority', async () => {
  expect(await ask('localhost', authority)).toBe('{}');
});

test('rejects a certificate of another authority, of an unknown one, or for another name', async () => {
  await expect(ask('localhost', other)).rejects.toThrow(/certificate/);
  await expect(ask('localhost', null)).rejects.toThrow(/certificate/);
  await expect(ask('127.0.0.1', authority)).rejects.toThrow(/IP: 127.0.0.1 is not/);
});

test('rejects TLS versions before 1.3', async () => {
  const old = connect({ port: port(), host: '127.0.0.1', maxVersion: 'TLSv1.2', rejectUnauthorized: false });
  await expect(
    new Promise((resolve, reject) => old.once('secureConnect', resolve).once('error', reject)),
  ).rejects.toThrow();
});

test('reports a certificate without a key and a key without a certificate', () => {
  const wrong: string[] = [];
  checkTls({ tlsCert: null, tlsKey: null }, wrong);
  checkTls({ tlsCert: 'c', tlsKey: 'k' }, wrong);
  expect(wrong).toEqual([]);
  checkTls({ tlsCert: 'c', tlsKey: null }, wrong);
  checkTls({ tlsCert: null, tlsKey: 'k' }, wrong);
  expect(wrong).toHaveLength(2);
  expect(schemeOf({ tlsCert: null, tlsKey: null })).toBe('http');
});

test('closes a connection whose headers do not arrive in time, and limits the number of connections', async () => {
  const slow = createServerOf({ tlsCert: null, tlsKey: null }, (_request, response) => response.end('{}'));
  expect(slow.maxConnections).toBe(1000);
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  const socket = connectPlain((slow.address() as AddressInfo).port, '127.0.0.1');
  const began = performance.now();
  socket.write('POST / HTTP/1.1\r\n');
  await new Promise((resolve) => socket.resume().once('close', resolve));
  expect(performance.now() - began).toBeLessThan(20_000);
  await new Promise((resolve) => slow.close(resolve));
});
