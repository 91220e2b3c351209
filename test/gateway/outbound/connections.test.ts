import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Connections } from '../../../gateway/outbound/connections.ts';
import { createConnector } from '../../../gateway/outbound/connector.ts';

let server: Server;
let connections: Connections;
/** The connections that the subgraph has accepted, and the requests that it has got. */
let sockets: Socket[] = [];
let requests: string[] = [];
let respond: (request: string, socket: Socket) => void;

const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;

beforeEach(async () => {
  [sockets, requests] = [[], []];
  respond = (request, socket) => void socket.write(answer(request.split('\r\n\r\n')[1] ?? ''));
  server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      requests.push(data.toString());
      respond(data.toString(), socket);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  connections = new Connections(createConnector({ ca: null, timeoutMs: 1000 }), 2);
});

afterEach(async () => {
  connections.destroy();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function post(
  body: string,
  changes: { deadlineMs?: number; signal?: AbortSignal; header?: string } = {},
) {
  const { deadlineMs = 3000, signal = null, header = 'x' } = changes;
  const { port } = server.address() as AddressInfo;
  const sent = { body, headers: { 'x-test': header }, deadlineMs, addBytes: () => undefined, signal };
  const { status, body: got } = await connections.post(`http://127.0.0.1:${port}/graphql?a=1`, sent);
  return [status, got.toString()];
}

test('sends a request in one piece, and uses its connection again', async () => {
  expect(await post('{"a":"e"}')).toEqual([200, '{"a":"e"}']);
  expect(await post('second')).toEqual([200, 'second']);
  expect(requests[0]).toMatch(/^POST \/graphql\?a=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/);
  expect(requests[0]).toMatch(/x-test: x\r\ncontent-type: application\/json\r\ncontent-length: 9\r\n\r\n/);
  expect(sockets).toHaveLength(1);
});

test('opens two connections at most, and gives every request its own response', async () => {
  const bodies = Array.from({ length: 40 }, (_, at) => `request ${at}`);
  const answers = await Promise.all(bodies.map(async (body) => await post(body)));
  expect(answers).toEqual(bodies.map((body) => [200, body]));
  expect(sockets).toHaveLength(2);
});

test('rejects at the deadline, also a request that waits for a connection, and answers later ones', async () => {
  const answerAll = respond;
  respond = () => undefined;
  const hanging = Array.from({ length: 4 }, async () => await post('hangs', { deadlineMs: 100 }));
  for (const one of await Promise.allSettled(hanging))
    expect(one).toMatchObject({ status: 'rejected', reason: { name: 'DeadlineExceeded' } });
  expect(requests).toHaveLength(2);
  respond = answerAll;
  expect(await post('later')).toEqual([200, 'later']);
});

test('ends a request that nobody waits for, with its connection', async () => {
  respond = () => undefined;
  const gone = new AbortController();
  const waiting = post('x', { signal: gone.signal });
  while (requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  gone.abort();
  await expect(waiting).rejects.toThrow('nobody waits');
  await once(sockets[0] as Socket, 'close');
  await expect(post('x', { signal: gone.signal })).rejects.toThrow('nobody waits');
});

test('never takes bytes that came without a request for the answer to the next one', async () => {
  respond = (request, socket) => {
    const body = request.split('\r\n\r\n')[1] ?? '';
    socket.write(answer(body));
    // A second response, in a separate packet: it belongs to nobody.
    if (body === 'first') setTimeout(() => socket.write(answer('forged')), 20);
  };
  expect(await post('first')).toEqual([200, 'first']);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await post('second')).toEqual([200, 'second']);
  expect(sockets).toHaveLength(2);
});

test.each([
  ['half a response', 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'],
  ['nothing', ''],
])('rejects a request whose connection is closed after %s', async (_what, text) => {
  respond = (_request, socket) => void socket.end(text);
  await expect(post('x')).rejects.toThrow('closed the connection');
  respond = (_request, socket) => void socket.write(answer('up'));
  expect(await post('x')).toEqual([200, 'up']);
});

test('rejects a header that would end its line', async () => {
  await expect(post('x', { header: 'a\r\nhost: other' })).rejects.toThrow('x-test: expected');
  expect(requests).toEqual([]);
});

test('rejects what is in progress when it is closed', async () => {
  respond = () => undefined;
  const waiting = [post('a'), post('b'), post('c')];
  while (requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
  connections.destroy();
  for (const one of await Promise.allSettled(waiting)) expect(one.status).toBe('rejected');
});
