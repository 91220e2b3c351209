import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import express from 'express';
import { observedOf, observeRequest } from '../../../gateway/http/observe-request.ts';
import { setCommonHeaders } from '../../../gateway/http/responses.ts';
import type { HubFigures } from '../../../gateway/observe/hub-metrics.ts';
import { openObserver } from '../../../gateway/observe/observer.ts';
import type { HubSettings } from '../../../gateway/settings.ts';
import { startCollector } from '../../helpers/collector.ts';

let collector: Awaited<ReturnType<typeof startCollector>>;
beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector.stop());

const traceId = '0123456789abcdef0123456789abcdef';
const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;

const never = () => Promise.reject(new Error('no metrics'));

/** Serves requests with two stages, traced with this ratio. Returns what each request passed on to a subgraph. */
async function serveTraced(tracesRatio: number) {
  const settings = { accessLog: null, metricsPort: null, tracesUrl: collector.url, tracesRatio };
  const log = { warn: () => undefined, error: () => undefined };
  const observer = await openObserver(settings as unknown as HubSettings, {} as HubFigures, never, log);
  const app = express().use(setCommonHeaders, observeRequest(observer));
  app.get('/', async (_request, response) => {
    const { run, traceHeaders } = observedOf(response);
    const headers = await run(
      'plan',
      async () => await run('subgraph', async () => await Promise.resolve(traceHeaders()), 'enisa'),
    );
    await run('audit', () => Promise.reject(new Error('a text of a reader'))).catch(() => undefined);
    response.json(headers);
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    send: async (headers: Readonly<Record<string, string>> = {}) =>
      (await (await fetch(url, { headers })).json()) as { readonly traceparent?: string },
    stop: async () => {
      await observer.stop();
      server.closeAllConnections();
      server.close();
    },
  };
}

test('no traceparent of a client makes the hub trace a request, or pass a trace on', async () => {
  const served = await serveTraced(0);
  const random = Array.from(
    { length: 50 },
    (_, at) => `00-${String(at).padStart(32, '1')}-00f067aa0ba902b7-01`,
  );
  for (const header of [traceparent, ...random])
    expect(await served.send({ traceparent: header })).toEqual({});
  await served.stop();
  expect(collector.spans).toEqual([]);
});

test('traces below the span of the client, passes its own span on, and sends no text of an error', async () => {
  const served = await serveTraced(1);
  const passed = await served.send({ traceparent, tracestate: 'a=secret', baggage: 'b=secret' });
  await served.send({ traceparent: '00-malformed' });
  await served.send({ traceparent: traceparent.replace(/01$/, '00') });
  await served.stop();
  const spans = collector.spans.filter((span) => span.traceId === traceId).slice(0, 4);
  const byName = new Map(spans.map((span) => [span.name, span]));
  expect([...byName.keys()].toSorted()).toEqual(['audit', 'plan', 'request', 'subgraph']);
  expect(byName.get('request')?.parentSpanId).toBe('00f067aa0ba902b7');
  expect(byName.get('plan')?.parentSpanId).toBe(byName.get('request')?.spanId);
  expect(byName.get('subgraph')).toMatchObject({
    parentSpanId: byName.get('plan')?.spanId,
    attributes: { 'jcu.subgraph': 'enisa' },
  });
  expect(passed.traceparent).toBe(`00-${traceId}-${byName.get('subgraph')?.spanId}-01`);
  // A malformed header starts a new trace. The flag of a client that does not trace is ignored as well.
  expect(collector.spans).toHaveLength(12);
  expect(collector.texts.join('')).not.toMatch(/secret|a text of a reader/);
});
