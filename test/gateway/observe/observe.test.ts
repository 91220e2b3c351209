import { afterAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openAccessLines } from '../../../gateway/observe/access-log.ts';
import { addHubMetrics, type HubFigures } from '../../../gateway/observe/hub-metrics.ts';
import { type Ended, Observed } from '../../../gateway/observe/observed.ts';
import { ByteCache } from '../../../schema/runtime/byte-cache.ts';
import { createMetrics } from '../../../schema/runtime/observe/metrics.ts';
import { serveMetrics } from '../../../schema/runtime/observe/metrics-server.ts';
import { metricsSettings } from '../../../schema/runtime/observe/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-observe-'));
afterAll(() => rmSync(folder, { recursive: true }));

const figures: HubFigures = {
  policyVersion: () => 7,
  supergraphVersion: () => null,
  operations: () => 2,
  load: () => ({ state: 'overloaded', inProgress: 3 }),
  trail: () => ({ head: 41, waiting: 1, isHealthy: true }),
  webhooks: () => new Map([['sent', 3]]),
  shelters: () => new Map([['enisa', { isOpen: true, inUse: 2, waiting: 5, retries: 4 }]]),
};

function endedWith(changes: Partial<Ended> = {}, observed = new Observed()): Ended {
  return {
    correlationId: 'id',
    entry: 'http',
    method: 'POST',
    status: 200,
    isWhole: true,
    bytes: 100,
    ms: 12.34,
    observed,
    ...changes,
  };
}

test('writes one line for each request, with nothing of the reader or the request', async () => {
  const file = join(folder, 'access.log');
  const lines = openAccessLines(file, { error: () => undefined });
  const observed = new Observed();
  observed.codes.add('PART_UNAVAILABLE');
  observed.parts.add('enisa');
  observed.operation = 'Dashboard';
  lines.ended(endedWith({}, observed));
  lines.ended(endedWith({ isWhole: false, status: 499 }));
  await pause(100);
  lines.stop();
  const [first, second] = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(Number.isNaN(Date.parse(first.time))).toBe(false);
  expect(first).toEqual({
    time: first.time,
    correlationId: 'id',
    entry: 'http',
    method: 'POST',
    status: 200,
    codes: ['PART_UNAVAILABLE'],
    parts: ['enisa'],
    operation: 'Dashboard',
    bytes: 100,
    ms: 12.3,
  });
  expect(second).toMatchObject({ left: true, operation: null });
});

test('counts answers by outcome, and shows the state of breaker, slots, audit log and load', async () => {
  const metrics = createMetrics({ server: null });
  const ended = addHubMetrics(metrics, figures);
  const [partial, refused] = [new Observed(), new Observed()];
  partial.codes.add('PART_UNAVAILABLE');
  partial.parts.add('enisa');
  refused.codes.add('RATE_LIMITED');
  ended(endedWith());
  ended(endedWith({}, partial));
  ended(endedWith({ status: 429 }, refused));
  ended(endedWith({ status: 400 }));
  ended(endedWith({ isWhole: false }));
  await metrics.run('plan', () => Promise.resolve());
  await metrics.run('subgraph', () => Promise.reject(new Error('x')), 'enisa').catch(() => undefined);
  const text = await metrics.registry.metrics();
  for (const line of [
    'jcu_answers_total{entry="http",status="200",outcome="whole"} 1',
    'jcu_answers_total{entry="http",status="200",outcome="partial"} 1',
    'jcu_answers_total{entry="http",status="429",outcome="RATE_LIMITED"} 1',
    'jcu_answers_total{entry="http",status="400",outcome="BAD_REQUEST"} 1',
    'jcu_answers_total{entry="http",status="200",outcome="left"} 1',
    'jcu_failed_parts_total{subgraph="enisa"} 1',
    'jcu_budget_refusals_total{code="RATE_LIMITED"} 1',
    'jcu_answer_seconds_count{entry="http"} 5',
    'jcu_stage_seconds_count{stage="plan"} 1',
    'jcu_subgraph_seconds_count{subgraph="enisa",outcome="failed"} 1',
    'jcu_breaker_open{subgraph="enisa"} 1',
    'jcu_slots_in_use{subgraph="enisa"} 2',
    'jcu_slots_waiting{subgraph="enisa"} 5',
    'jcu_subgraph_retries_total{subgraph="enisa"} 4',
    'jcu_audit_head 41',
    'jcu_audit_waiting 1',
    'jcu_policy_version 7',
    'jcu_load_state{state="overloaded"} 1',
    'jcu_load_state{state="ready"} 0',
    'jcu_requests_in_progress 3',
    'jcu_operations 2',
  ])
    expect(text.split('\n')).toContain(line);
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
  expect(text).toMatch(/^process_resident_memory_bytes /m);
  // No version is in force: the gauge has no value, instead of a wrong one.
  expect(text).not.toMatch(/^jcu_supergraph_version /m);
});

test('counts entries, bytes and reads of a cache by its name', async () => {
  const [one, other] = [new ByteCache<number>(1000, 'of-test'), new ByteCache<number>(1000, 'of-test')];
  one.set('a', 1, 0);
  other.set('b', 2, 0);
  one.get('a');
  one.get('b');
  const text = await createMetrics({}).registry.metrics();
  for (const line of [
    'jcu_cache_entries{cache="of-test"} 2',
    'jcu_cache_bytes{cache="of-test"} 204',
    'jcu_cache_reads_total{cache="of-test",outcome="hit"} 1',
    'jcu_cache_reads_total{cache="of-test",outcome="miss"} 1',
  ])
    expect(text.split('\n')).toContain(line);
});

test('serves metrics and the state of each part on a separate port, and nothing else', async () => {
  const { registry } = createMetrics({});
  const parts = { policy: 'ready', 'subgraph enisa': 'not asked: it keeps failing' };
  let isReady = true;
  const server = await serveMetrics({ host: '127.0.0.1', port: 0 }, registry, () =>
    Promise.resolve({ isReady, parts }),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const ready = await fetch(`${url}/ready`);
  expect([ready.status, await ready.json()]).toEqual([200, { status: 'ready', parts }]);
  isReady = false;
  expect((await fetch(`${url}/ready`)).status).toBe(503);
  expect((await fetch(`${url}/metrics`)).headers.get('content-type')).toContain('text/plain');
  for (const [path, method] of [
    ['/', 'GET'],
    ['/graphql', 'POST'],
    ['/metrics', 'POST'],
  ] as const)
    expect((await fetch(url + path, { method })).status).toBe(404);
  await server.stop();
});

test('keeps the metrics port off, and on loopback, unless it is set', () => {
  expect(metricsSettings.metricsPort.fallback).toBe('');
  expect(metricsSettings.metricsHost.fallback).toBe('127.0.0.1');
  expect(metricsSettings.metricsPort.form.read('')).toBeNull();
});

test('drops the lines of an access log on a full disk, says so once, and stops', async () => {
  const said: string[] = [];
  const lines = openAccessLines('/dev/full', {
    error: (_details: object, message?: string) => void said.push(message ?? ''),
  } as never);
  const ended = {
    correlationId: 'c',
    entry: 'http',
    method: 'POST',
    status: 200,
    isWhole: true,
    bytes: 1,
    ms: 1,
  };
  const observed = { codes: new Set(), parts: new Set(), operation: null };
  for (let turn = 0; turn < 3; turn += 1) {
    lines.ended({ ...ended, observed } as never);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  lines.stop();
  expect(said).toEqual(['the access log cannot be written: its lines are dropped until it can']);
});
