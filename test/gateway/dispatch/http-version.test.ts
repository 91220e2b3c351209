import { expect, test } from '@jest/globals';
import { createSecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { certifyAuthority, certifyPart, newKey } from '../../../docker/deploy/certificates.ts';
import { AnswerSizes } from '../../../gateway/dispatch/answer-size.ts';
import { createAgent, fetchSubgraph } from '../../../gateway/dispatch/fetch-subgraph.ts';

test('asks a subgraph over HTTP/1.1, also if it prefers HTTP/2', async () => {
  const now = new Date();
  const [key, own] = [newKey(), newKey()];
  const certificate = await certifyAuthority(key, 'd', now);
  const cert = await certifyPart({ key: own, names: ['localhost'] }, { key, certificate }, now);
  const versions: string[] = [];
  const server = createSecureServer({ cert, key: own, allowHTTP1: true }, (request, response) => {
    versions.push(request.httpVersion);
    response.end('{"data":{"a":1}}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = createAgent(certificate);
  try {
    const { port } = server.address() as AddressInfo;
    const size = new AnswerSizes().start('europol', { bytes: 0 });
    const reading = { size, signal: new AbortController().signal };
    const { data } = await fetchSubgraph(`https://localhost:${port}/`, '{}', {}, 20_000, agent, reading);
    expect([data, versions]).toEqual([{ a: 1 }, ['1.1']]);
  } finally {
    await agent.destroy();
    server.close();
  }
});
