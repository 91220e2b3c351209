import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Agent } from 'undici';
import { certifyAuthority, certifyPart, newKey } from '../../../docker/deploy/certificates.ts';
import { AnswerSizes } from '../../../gateway/dispatch/answer-size.ts';
import { createAgent, fetchSubgraph, NoAnswer } from '../../../gateway/dispatch/fetch-subgraph.ts';

let server: Http2SecureServer;
let agent: Agent;
let sessions = 0;
/** The answer to each query: a stream of a connection. */
let answer: (stream: ServerHttp2Stream) => void;
/** Called when the client reads bytes of an answer. */
let bytesRead = () => undefined as void;

beforeAll(async () => {
  const now = new Date();
  const [key, own] = [newKey(), newKey()];
  const certificate = await certifyAuthority(key, 'd', now);
  const cert = await certifyPart({ key: own, names: ['localhost'] }, { key, certificate }, now);
  // Prefers HTTP/2, as proxies do.
  server = createSecureServer({ cert, key: own, minVersion: 'TLSv1.3', allowHTTP1: true });
  server.on('session', () => (sessions += 1));
  server.on('stream', (stream) => {
    stream.on('error', () => undefined);
    stream.resume().on('end', () => answer(stream));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = createAgent(certificate);
});

afterEach(() => {
  sessions = 0;
});

afterAll(async () => {
  await agent.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

async function fetchOnce({ deadlineMs = 20_000, signal = new AbortController().signal } = {}) {
  const { port } = server.address() as AddressInfo;
  const counted = new AnswerSizes().start('europol', { bytes: 0 });
  const addBytes = (count: number) => {
    counted.addBytes(count);
    bytesRead();
  };
  const size = { ...counted, addBytes };
  return await fetchSubgraph(`https://localhost:${port}/`, '{}', {}, deadlineMs, agent, { size, signal });
}

const whole = (stream: ServerHttp2Stream) => {
  stream.respond({ ':status': 200 });
  stream.end('{"data":{"a":1}}');
};

test('sends concurrent queries over one connection of HTTP/2', async () => {
  const waiting: ServerHttp2Stream[] = [];
  // Each waits for the others, so that they are in progress together.
  answer = (stream) => {
    waiting.push(stream);
    if (waiting.length === 20) for (const one of waiting) whole(one);
  };
  const answers = await Promise.all(Array.from({ length: 20 }, async () => await fetchOnce()));
  expect(answers.every(({ data }) => data?.['a'] === 1)).toBe(true);
  expect(sessions).toBe(1);
});

test('ends the stream of a client that leaves, and of no other', async () => {
  const [arrived, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  answer = (stream) => {
    stream.once('close', () => closed.resolve());
    arrived.resolve();
  };
  const client = new AbortController();
  const left = fetchOnce({ signal: client.signal });
  await arrived.promise;
  answer = whole;
  const staying = fetchOnce();
  client.abort();
  await expect(left).rejects.toThrow('nobody waits');
  await closed.promise;
  expect((await staying).data).toEqual({ a: 1 });
});

test('stops waiting at the deadline', async () => {
  answer = () => undefined;
  await expect(fetchOnce({ deadlineMs: 100 })).rejects.toThrow('expected an answer within 100 ms');
});

test.each<[string, (stream: ServerHttp2Stream) => void]>([
  ['a status other than 200', (stream) => (stream.respond({ ':status': 500 }), stream.end())],
  [
    'half of an answer',
    (stream) => {
      bytesRead = () => stream.session?.destroy();
      stream.respond({ ':status': 200 });
      stream.write('{"data":');
    },
  ],
  [
    'a flood',
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.end(Buffer.alloc(9 * 1024 * 1024, 0x20));
    },
  ],
])('rejects %s as final, and reads others afterwards', async (_name, behaviour) => {
  answer = behaviour;
  const failed = await fetchOnce().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(Error);
  expect(failed).not.toBeInstanceOf(NoAnswer);
  bytesRead = () => undefined;
  answer = whole;
  expect((await fetchOnce()).data).toEqual({ a: 1 });
});

test('says that a query whose connection ends before an answer can be sent again', async () => {
  answer = (stream) => stream.session?.destroy();
  const failed = await fetchOnce().catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(NoAnswer);
  answer = whole;
  expect((await fetchOnce()).data).toEqual({ a: 1 });
});
