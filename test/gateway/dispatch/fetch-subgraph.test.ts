import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Agent } from 'undici';
import { answerLimits, AnswerSizes } from '../../../gateway/dispatch/answer-size.ts';
import { createAgent, fetchSubgraph } from '../../../gateway/dispatch/fetch-subgraph.ts';

/** The behaviour of the subgraph by path: it hangs, floods or sends invalid responses. */
const behaviours: Readonly<Record<string, RequestListener>> = {
  '/honest': (_request, response) => response.end('{"data":{"a":1},"extensions":{"disclosed":[]}}'),
  '/fails': (_request, response) => response.writeHead(500).end('a stack trace with a secret'),
  '/redirects': (_request, response) => response.writeHead(307, { location: '/honest' }).end(),
  '/hangs': () => undefined,
  '/drips': (_request, response) => {
    const timer = setInterval(() => response.write(' '), 20);
    response.on('close', () => clearInterval(timer));
  },
  '/floods': (_request, response) => {
    const chunk = Buffer.alloc(1024 * 1024, 0x20);
    const write = () => {
      while (response.write(chunk));
      response.once('drain', write);
    };
    response.on('error', () => undefined);
    write();
  },
  '/cuts': (_request, response) => {
    response.write('{"data":');
    setTimeout(() => response.destroy(), 20);
  },
  '/nests': (_request, response) => response.end(`{"data":${'['.repeat(5000)}${']'.repeat(5000)}}`),
  '/crowds': (_request, response) => response.end(`{"data":{"a":[${'[],'.repeat(600_000)}[]]}}`),
  '/prototype': (_request, response) => response.end('{"data":{"__proto__":{"admin":true}}}'),
  '/constructor': (_request, response) =>
    response.end('{"data":{"constructor":{"prototype":{"admin":true}}}}'),
  '/list': (_request, response) => response.end('[1]'),
  '/scalar-data': (_request, response) => response.end('{"data":"all of it"}'),
  '/errors-object': (_request, response) => response.end('{"data":null,"errors":{}}'),
  '/latin1': (_request, response) => response.end(Buffer.from('{"data":{"a":"\xe9"}}', 'latin1')),
};

let server: Server;
let agent: Agent;

beforeAll(async () => {
  server = createServer((request, response) => behaviours[request.url ?? '']?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  agent = createAgent();
});

afterAll(async () => {
  await agent.destroy();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function fetchFrom(path: string, deadlineMs = 3000) {
  const { port } = server.address() as AddressInfo;
  const size = new AnswerSizes().start('europol', { bytes: 0 });
  const reading = { size, signal: new AbortController().signal };
  return await fetchSubgraph(`http://127.0.0.1:${port}${path}`, '{}', {}, deadlineMs, agent, reading);
}

test('reads a valid response', async () => {
  expect(await fetchFrom('/honest')).toEqual({
    data: { a: 1 },
    errors: [],
    disclosed: [],
    isShareable: false,
  });
});

for (const path of Object.keys(behaviours).filter(
  (one) => !['/honest', '/hangs', '/drips', '/floods'].includes(one),
)) {
  test(`rejects a subgraph that ${path.slice(1)}, and reads others afterwards`, async () => {
    await expect(fetchFrom(path)).rejects.toThrow();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect((await fetchFrom('/honest')).data).toEqual({ a: 1 });
  });
}

for (const path of ['/hangs', '/drips']) {
  test(`stops waiting for a subgraph that ${path.slice(1)} at the deadline`, async () => {
    const began = performance.now();
    await expect(fetchFrom(path, 300)).rejects.toThrow();
    expect(performance.now() - began).toBeLessThan(20_000);
  });
}

test('stops reading a flood at the size limit', async () => {
  const before = process.memoryUsage().rss;
  await expect(fetchFrom('/floods', 20_000)).rejects.toThrow(/at most/);
  expect(process.memoryUsage().rss - before).toBeLessThan(answerLimits.ofCommunity.bytes * 24);
});

test('keeps Object.prototype unchanged', () => {
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});
