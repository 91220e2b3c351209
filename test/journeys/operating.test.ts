import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse, print } from 'graphql';
import type { Trial } from '../../docker/trial/trial.ts';
import { signTrialSupergraph } from '../../docker/trial/policy-office.ts';
import { sha256Of } from '../../gateway/persisted/read-operations.ts';
import { read as readContract } from '../../schema/sources.ts';
import { ask, type Asked, post, tokenOf } from '../helpers/ask.ts';
import { startCollector } from '../helpers/collector.ts';
import { startExercise } from '../helpers/standing.ts';

const folder = mkdtempSync(join(tmpdir(), 'jcu-operating-'));
const accessLog = join(folder, 'access.log');
const dashboard =
  'query Dashboard($id: String!) { vulnerability(id: $id) { name advisories { nodes { serial } } exploitation { nodes { id } } } }';
const guarded = 'query Guarded { unionIncidents(first: 2) { nodes { id unionEntity } } }';
const as = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const id = 'CVE-2099-10001';

let collector: Awaited<ReturnType<typeof startCollector>>;
let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  collector = await startCollector();
  const operations = mkdtempSync(join(folder, 'operations-'));
  writeFileSync(join(operations, 'dashboard.graphql'), `${dashboard}\n${guarded}\n`);
  trial = await startExercise({
    env: {
      JCU_OPERATIONS: 'allowed',
      JCU_OPERATIONS_FOLDER: operations,
      JCU_ACCESS_LOG: accessLog,
      JCU_METRICS_PORT: '0',
      JCU_TRACES_URL: collector.url,
      JCU_TRACES_RATIO: '1',
    },
  });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
});

afterAll(async () => {
  await trial.stop();
  collector.stop();
  rmSync(folder, { recursive: true });
});

async function askById(text: string, variables: object, who = as, headers = {}) {
  const authorization = `Bearer ${await tokenOf(asked, who)}`;
  const documentId = `sha256:${sha256Of(print(parse(text)))}`;
  return await post(trial.url, { documentId, variables }, { authorization, ...headers });
}

/** The URL of a part's metrics port, from its log. */
function metricsOf(part: string): string {
  const lines = readFileSync(join(trial.home.folder, 'logs', `${part}.log`), 'utf8')
    .trim()
    .split('\n');
  const line = lines.map((one) => JSON.parse(one)).findLast(({ msg }) => msg === 'serves the metrics');
  return `http://${line.host}:${line.port}`;
}

async function metricOf(part: string, pattern: RegExp): Promise<number> {
  const text = await (await fetch(`${metricsOf(part)}/metrics`)).text();
  return Number(pattern.exec(text)?.[1] ?? Number.NaN);
}

test('answers a registered operation by its id, as its text', async () => {
  const byId = await askById(dashboard, { id });
  const byText = await ask(asked, as, print(parse(dashboard)), { id });
  expect([byId.status, byId.body.data]).toEqual([200, byText.body.data]);
  expect(byId.body.data.vulnerability.advisories.nodes.length).toBeGreaterThan(0);
  expect(byId.body.extensions.holds).toEqual(byText.body.extensions.holds);
});

test('decides a registered operation by the policy, for each reader', async () => {
  for (const who of ['private-partner', 'cert-eu-analyst', 'enisa-analyst']) {
    const reader = { ...as, as: who };
    const byId = await askById(guarded, {}, reader);
    const byText = await ask(asked, reader, print(parse(guarded)));
    expect([who, byId.status, byId.body.data, byId.body.errors]).toEqual([
      who,
      byText.status,
      byText.body.data,
      byText.body.errors,
    ]);
  }
  const refused = await askById(guarded, {}, { ...as, as: 'private-partner' });
  expect(refused.body.errors[0].extensions.code).toBe('REFUSED');
});

test('writes one line for each request to the access log, without token, variables and reader', async () => {
  const answer = await askById(dashboard, { id });
  await post(trial.url, { query: '{ __typename }' }, { authorization: 'Bearer none' });
  await post(trial.url, { query: `{ vulnerability(id: "${id}") { name } }` });
  await ask(asked, as, `{ vulnerability(id: "${id}") { name } }`);
  await fetch(new URL('/secret-path', trial.url));
  await pause(500);
  const text = readFileSync(accessLog, 'utf8');
  const lines = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const line = lines.find(({ correlationId }) => correlationId === answer.headers.get('x-correlation-id'));
  expect(line).toMatchObject({
    entry: 'http',
    method: 'POST',
    status: 200,
    codes: [],
    parts: [],
    operation: 'Dashboard',
  });
  expect(line.bytes).toBeGreaterThan(answer.text.length);
  expect(line.ms).toBeGreaterThan(0);
  expect(lines.filter(({ codes }) => codes[0] === 'UNAUTHENTICATED')).toHaveLength(2);
  expect(lines.filter(({ operation }) => String(operation).startsWith('sha256:')).length).toBeGreaterThan(0);
  expect(lines.at(-1)).toMatchObject({ status: 404, codes: ['NOT_FOUND'], operation: null });
  const token = await tokenOf(asked, as);
  for (const secret of [id, token, token.slice(-20), 'cert-eu-analyst', 'secret-path', '127.0.0.1'])
    expect(text).not.toContain(secret);
});

test('shows requests, subgraphs, audit log and policy in the metrics of a separate port', async () => {
  const before = await metricOf('hub', /^jcu_audit_head (\d+)$/m);
  await ask(asked, as, dashboard, { id });
  expect(
    await metricOf('hub', /^jcu_answers_total\{entry="http",status="200",outcome="whole"\} (\d+)$/m),
  ).toBeGreaterThan(0);
  expect(
    await metricOf(
      'hub',
      /^jcu_answers_total\{entry="http",status="401",outcome="UNAUTHENTICATED"\} (\d+)$/m,
    ),
  ).toBe(2);
  for (const stage of ['identity', 'budget', 'policy', 'plan', 'audit'])
    expect([
      stage,
      await metricOf('hub', new RegExp(`^jcu_stage_seconds_count\\{stage="${stage}"\\} (\\d+)$`, 'm')),
    ]).toEqual([stage, expect.any(Number)]);
  expect(
    await metricOf('hub', /^jcu_subgraph_seconds_count\{subgraph="cert-eu",outcome="answered"\} (\d+)$/m),
  ).toBeGreaterThan(0);
  expect(await metricOf('hub', /^jcu_audit_head (\d+)$/m)).toBeGreaterThan(before);
  expect(await metricOf('hub', /^jcu_policy_version (\d+)$/m)).toBeGreaterThan(0);
  expect(await metricOf('hub', /^jcu_operations (\d+)$/m)).toBe(4);
  expect(
    await metricOf('hub', /^jcu_cache_reads_total\{cache="plans",outcome="hit"\} (\d+)$/m),
  ).toBeGreaterThan(0);
  for (const stage of ['verify', 'execute'])
    expect(
      await metricOf('cert-eu', new RegExp(`^jcu_stage_seconds_count\\{stage="${stage}"\\} (\\d+)$`, 'm')),
    ).toBeGreaterThan(0);
  expect(await metricOf('cert-eu', /^jcu_store_seconds_count\{outcome="answered"\} (\d+)$/m)).toBeGreaterThan(
    0,
  );
  expect(await metricOf('cert-eu', /^jcu_relabel_records\{count="all"\} (\d+)$/m)).toBe(0);
  expect(await metricOf('cert-eu', /^jcu_requests_total\{status="200"\} (\d+)$/m)).toBeGreaterThan(0);
});

test('shows no metrics and no state of parts on the public ports', async () => {
  for (const part of ['hub', 'cert-eu']) {
    const url = trial.parts.get(part)?.url ?? '';
    const metrics = await fetch(new URL('/metrics', url));
    expect([metrics.status, (await metrics.text()).includes('jcu_')]).toEqual([
      part === 'hub' ? 404 : 401,
      false,
    ]);
    expect(await (await fetch(new URL('/ready', url))).json()).toEqual({ status: 'ready' });
  }
});

test('names the state of each part, and the one that is away', async () => {
  const { status, parts } = (await (await fetch(`${metricsOf('hub')}/ready`)).json()) as Ready;
  expect([status, new Set(Object.values(parts))]).toEqual(['ready', new Set(['ready'])]);
  expect(Object.keys(parts)).toEqual(
    expect.arrayContaining(['policy', 'supergraph', 'store', 'auditLog', 'issuer keys', 'subgraph cert-eu']),
  );
  const subgraph = (await (await fetch(`${metricsOf('cert-eu')}/ready`)).json()) as Ready;
  expect(subgraph.parts).toEqual({
    store: 'ready',
    policy: 'ready',
    'access keys': 'ready',
    'hub keys': 'ready',
    switch: 'ready',
  });
  await trial.parts.get('cert-eu')?.kill();
  for (let count = 0; count < 6; count += 1)
    await ask(asked, as, `{ vulnerability(id: "CVE-2099-1000${count}") { advisories { nodes { id } } } }`);
  const away = (await (await fetch(`${metricsOf('hub')}/ready`)).json()) as Ready;
  expect([away.status, away.parts['subgraph cert-eu']]).toEqual(['ready', 'not asked: it keeps failing']);
  expect(await metricOf('hub', /^jcu_breaker_open\{subgraph="cert-eu"\} (\d)$/m)).toBe(1);
  expect(await metricOf('hub', /^jcu_failed_parts_total\{subgraph="cert-eu"\} (\d+)$/m)).toBeGreaterThan(0);
  await trial.restart('cert-eu');
  await untilWhole();
}, 600_000);

async function untilWhole(): Promise<void> {
  for (const end = Date.now() + 60_000; ; await pause(200)) {
    const { body } = await askById(dashboard, { id });
    if (body.errors === undefined) return;
    if (Date.now() > end) throw new Error(`expected a whole answer in 60 s, got ${JSON.stringify(body)}`);
  }
}

type Ready = { readonly status: string; readonly parts: Readonly<Record<string, string>> };

test('traces a request through the hub and the subgraphs, below the span of the client', async () => {
  const traceId = 'c0ffee00c0ffee00c0ffee00c0ffee00';
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const answer = await askById(dashboard, { id }, as, {
    traceparent,
    tracestate: 'secret=state',
    baggage: 'secret=1',
  });
  expect(answer.status).toBe(200);
  const spansOfTrace = () => collector.spans.filter((span) => span.traceId === traceId);
  const names = () => new Set(spansOfTrace().map(({ service, name }) => `${service} ${name}`));
  const expected = [
    ...['request', 'identity', 'budget', 'policy', 'plan', 'subgraph', 'audit'].map(
      (name) => `jcu-hub ${name}`,
    ),
    ...['request', 'verify', 'execute', 'store'].map((name) => `jcu-enisa ${name}`),
  ];
  for (const end = Date.now() + 15_000; expected.some((one) => !names().has(one)) && Date.now() < end;)
    await pause(200);
  expect([...names()]).toEqual(expect.arrayContaining(expected));
  const spans = spansOfTrace();
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const root = spans.find(({ service, name }) => service === 'jcu-hub' && name === 'request');
  expect(root?.parentSpanId).toBe('00f067aa0ba902b7');
  expect(root?.attributes).toMatchObject({ 'http.response.status_code': 200 });
  const inSubgraph = spans.find(({ service, name }) => service === 'jcu-enisa' && name === 'request');
  const fetched = byId.get(inSubgraph?.parentSpanId ?? '');
  expect(fetched).toMatchObject({
    service: 'jcu-hub',
    name: 'subgraph',
    attributes: { 'jcu.subgraph': 'enisa' },
  });
  const all = collector.texts.join('\n');
  const token = await tokenOf(asked, as);
  for (const secret of [id, token, 'cert-eu-analyst', 'secret', 'Vulnerability', 'Advisory:'])
    expect([secret, all.includes(secret)]).toEqual([secret, false]);
  expect(all).toContain(answer.headers.get('x-correlation-id'));
});

/** Sends the dashboard's query again and again, four at a time, until the work has ended. Returns all answers. */
async function underLoad(work: () => Promise<void>) {
  const answers: { readonly status: number; readonly errors: unknown; readonly ms: number }[] = [];
  const over = new AbortController();
  const send = async () => {
    while (!over.signal.aborted) {
      const start = performance.now();
      const { status, body } = await askById(dashboard, { id });
      answers.push({ status, errors: body.errors, ms: performance.now() - start });
      await pause(20);
    }
  };
  const senders = Array.from({ length: 4 }, send);
  await work().finally(() => over.abort());
  await Promise.all(senders);
  return answers;
}

test('takes in a new supergraph under load without a restart and without a failed request', async () => {
  const before = trial.parts.get('hub')?.pid;
  const query = '{ advisories(first: 1) { nodes { addedLater } } }';
  expect((await ask(asked, as, query)).body.errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  const sdl = readContract('supergraph.graphql');
  const added = sdl.replace(/^(type Advisory\b[^{]*\{)/m, '$1\n  addedLater: String');
  expect(added).not.toBe(sdl);
  const version = await metricOf('hub', /^jcu_supergraph_version (\d+)$/m);
  const answers = await underLoad(async () => {
    await signTrialSupergraph(trial.home, added);
    for (const end = Date.now() + 60_000; Date.now() < end; await pause(200))
      if ((await metricOf('hub', /^jcu_supergraph_version (\d+)$/m)) > version) break;
    await pause(2000);
  });
  expect(answers.filter(({ status, errors }) => status !== 200 || errors !== undefined)).toEqual([]);
  expect(answers.length).toBeGreaterThan(50);
  // The policy does not name the new field: it exists now, and is refused to everybody.
  const { status, body } = await ask(asked, as, query);
  expect([status, body.errors[0].extensions]).toEqual([
    200,
    { code: 'REFUSED', coordinates: ['Advisory.addedLater'] },
  ]);
  expect(trial.parts.get('hub')?.pid).toBe(before);
}, 600_000);
