import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Trial } from '../../docker/trial/trial.ts';
import { type Asked, post, tokenOf } from '../helpers/ask.ts';
import { Interceptor } from '../helpers/interceptor.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

const interceptor = new Interceptor();
const enisaInterceptor = new Interceptor();
const deadlineMs = 2000;
const readers = ['cert-eu-analyst', 'enisa-analyst', 'fr-csirt-analyst'];
const query =
  '{ vulnerability(id: "CVE-2099-10001") { name advisories { nodes { id } } exploitation { nodes { id } } } }';

let trial: Trial;
let tokens: readonly string[];

beforeAll(async () => {
  const env = {
    JCU_SUBGRAPH_CERT_EU_URL: await interceptor.listen(),
    JCU_SUBGRAPH_ENISA_URL: await enisaInterceptor.listen(),
    JCU_PART_DEADLINE_MS: String(deadlineMs),
    JCU_DRAIN_MS: '1000',
  };
  trial = await startExercise({ env });
  interceptor.to = trial.parts.get('cert-eu')?.url ?? '';
  enisaInterceptor.to = trial.parts.get('enisa')?.url ?? '';
  const asked: Asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  tokens = await Promise.all(
    readers.map(
      async (as) =>
        await tokenOf(asked, { as, picture: 'exercise:trial-2026', purpose: 'incident-response' }),
    ),
  );
}, 600_000);

afterAll(async () => {
  await trial.stop();
  await interceptor.close();
  await enisaInterceptor.close();
});

async function send(at: number) {
  const start = performance.now();
  const authorization = `Bearer ${tokens[at % tokens.length] ?? ''}`;
  const { status, body } = await post(trial.url, { query }, { authorization });
  return { status, body, ms: performance.now() - start };
}

/** Sends requests of all readers until `isOver`, eight at a time, and returns their answers. */
async function sendUntil(isOver: () => boolean) {
  const answers: Awaited<ReturnType<typeof send>>[] = [];
  const loop = async (first: number) => {
    for (let at = first; !isOver(); at += 1) {
      answers.push(await send(at));
      await pause(20);
    }
  };
  await Promise.all(Array.from({ length: 8 }, async (_, at) => await loop(at)));
  return answers;
}

function lacksPart(body: {
  readonly errors?: readonly { readonly extensions: { readonly part?: string } }[];
}): boolean {
  return body.errors?.some(({ extensions }) => extensions.part === 'cert-eu') === true;
}

/** Returns the bodies of the queries to ENISA. */
function queriesToEnisa(): readonly string[] {
  return enisaInterceptor.passed.filter(({ path }) => path === '/graphql').map(({ body }) => body);
}

async function untilWhole(): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const { status, body } = await send(0);
    if (status === 200 && body.errors === undefined) return;
    if (Date.now() > end) throw new Error(`no whole answer in 60 s: ${JSON.stringify(body)}`);
    await pause(200);
  }
}

test('ends the request to a subgraph when the client leaves, and sends no further one', async () => {
  await untilWhole();
  const arrived = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  const mayAnswer = Promise.withResolvers<boolean>();
  interceptor.intercept = async ({ path }, response) => {
    if (path !== '/graphql') return false;
    response.once('close', closed.resolve);
    arrived.resolve();
    return await mayAnswer.promise;
  };
  const client = new AbortController();
  // ENISA is asked about the vulnerabilities that CERT-EU answers.
  const joined =
    '{ advisories(first: 5) { nodes { vulnerabilities { exploitation(first: 1) { nodes { id } } } } } }';
  const authorization = `Bearer ${tokens[0] ?? ''}`;
  const asking = fetch(trial.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query: joined }),
    signal: client.signal,
  });
  await Promise.race([arrived.promise, asking.then((response) => expect(response.status).toBe(0))]);
  const before = queriesToEnisa().length;
  client.abort();
  await expect(asking).rejects.toThrow('abort');
  await closed.promise;
  interceptor.intercept = () => false;
  mayAnswer.resolve(false);
  // The deadline of the subgraph would end the request too. The log has the reason.
  const log = join(trial.home.folder, 'logs', 'hub.log');
  await until('the reason in the log of the hub', () =>
    readFileSync(log, 'utf8').includes('nobody waits for the answer any more'),
  );
  // A later query to ENISA arrives, and none about the vulnerabilities.
  const statements = 'exploitationStatements';
  await post(trial.url, { query: `{ ${statements}(first: 1) { nodes { id } } }` }, { authorization });
  await until('the later query', () => queriesToEnisa().some((text) => text.includes(statements)));
  const further = queriesToEnisa().slice(before);
  expect(further.filter((text) => !text.includes(statements))).toEqual([]);
}, 600_000);

test('answers with the other parts at once while a subgraph hangs, and completely when it answers again', async () => {
  await untilWhole();
  interceptor.intercept = async () => await new Promise<boolean>(() => undefined);
  const opening = performance.now() + 4 * deadlineMs;
  await sendUntil(() => performance.now() > opening);
  const end = performance.now() + 10_000;
  const answers = await sendUntil(() => performance.now() > end);
  const slow = answers.filter(({ ms }) => ms >= deadlineMs / 2);
  expect(answers.length).toBeGreaterThanOrEqual(8);
  // The trials alone wait for the deadline.
  expect(slow.length).toBeLessThan(answers.length / 2);
  expect(answers.every(({ status, body }) => status === 200 && lacksPart(body))).toBe(true);
  expect(answers.every(({ body }) => body.data.vulnerability.exploitation.nodes.length > 0)).toBe(true);
  interceptor.intercept = () => false;
  await untilWhole();
}, 600_000);

test('answers every request that was sent before it stops listening at SIGTERM', async () => {
  await untilWhole();
  let isStopping = false;
  const balancer = (async () => {
    while (!isStopping) {
      await pause(50);
      const { status } = await fetch(new URL('/ready', trial.url));
      isStopping = status !== 200;
    }
  })();
  const sending = sendUntil(() => isStopping);
  await pause(2000);
  await trial.parts.get('hub')?.stop();
  await balancer;
  const answers = await sending;
  expect(answers.length).toBeGreaterThanOrEqual(8);
  expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
  await expect(fetch(new URL('/health', trial.url))).rejects.toThrow('fetch failed');
}, 600_000);
