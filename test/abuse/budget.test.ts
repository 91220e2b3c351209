import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Db, MongoClient } from 'mongodb';
import { policySettings } from '../../docker/trial/home.ts';
import { findReader } from '../../docker/trial/issuer/readers.ts';
import { type Part, startPart } from '../../docker/trial/process.ts';
import type { Trial } from '../../docker/trial/trial.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { type Answer, ask, type Asked, askOnce, post, tokenOf } from '../helpers/ask.ts';
import { patient, startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;
let client: MongoClient;
let store: Db;
let second: Part;

/** One point in 20 seconds: no refill during a test. */
const env = { JCU_READER_BUDGET: '4320/86400', JCU_ORGANISATION_BUDGET: '8640/86400' };
const exercise = { picture: 'exercise:trial-2026' };
const cheap = '{ organisation(id: "enisa") { name } }';
/** 1 for the request, 3 selections, 100 rows, 5 for the field at the top. */
const dear = '{ advisories(first: 100) { nodes { id } } }';
const spentOf = {
  errors: [
    {
      message:
        'The budget of this reader or organisation is used up. Try again after the time in Retry-After.',
      extensions: { code: 'RATE_LIMITED' },
    },
  ],
};

beforeAll(async () => {
  trial = await startExercise({ env });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  client = await new MongoClient(trial.stores.uris.hub).connect();
  store = client.db();
  second = await startSecondHub();
}, 600_000);

afterAll(async () => {
  await second?.stop();
  await client?.close();
  await trial?.stop();
});

/** Starts another hub on the same store, as a deployment has several. */
async function startSecondHub(): Promise<Part> {
  const urls = communities.map((community) => [
    `JCU_SUBGRAPH_${community.toUpperCase().replaceAll('-', '_')}_URL`,
    trial.parts.get(community)?.url ?? '',
  ]);
  const settings = {
    JCU_PORT: '0',
    JCU_STORE_URI: trial.stores.uris.hub,
    JCU_ISSUER: trial.issuer,
    JCU_AUDIENCE: 'http://127.0.0.1:4000/graphql',
    JCU_SIGNING_KEY_FILE: trial.home.signingKeyFile,
    JCU_SUPERGRAPH: trial.home.supergraphFile,
    ...policySettings(trial.home),
  };
  const all = { ...settings, ...patient, ...env, ...Object.fromEntries(urls) };
  return await startPart('second-hub', ['gateway/main.ts'], all, join(trial.home.folder, 'logs'));
}

function left({ headers }: Answer): number {
  return Number(/^"reader";r=(\d+);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1]);
}

/** Sends requests until one is refused. Returns the refusal and the number of answers before it. */
async function askUntilSpent(as: string, query: string, urls: readonly string[] = [trial.url]) {
  for (let answered = 0; answered < 200; answered += 1) {
    const url = urls[answered % urls.length] ?? '';
    const answer = await ask({ ...asked, url }, { as, ...exercise }, query);
    if (answer.status !== 200) return { answer, answered };
  }
  throw new Error('it was never refused');
}

/** Waits for a line of the hub's log that contains a text, and returns it. */
async function logged(words: string): Promise<string> {
  for (const until = Date.now() + 5000; Date.now() < until; await pause(50)) {
    const lines = readFileSync(join(trial.home.folder, 'logs', 'hub.log'), 'utf8').split('\n');
    const line = lines.find((one) => one.includes(words));
    if (line !== undefined) return line;
  }
  throw new Error(`the hub logged nothing of ${words}`);
}

test('reports the remaining budget of the reader, and not of other readers', async () => {
  const first = await ask(asked, { as: 'enisa-analyst', ...exercise }, dear);
  const next = await ask(asked, { as: 'enisa-analyst', ...exercise }, dear);
  expect(first.headers.get('ratelimit-policy')).toBe(
    '"reader";q=4320;w=86400;qu="points", "organisation";q=8640;w=86400;qu="points"',
  );
  expect(left(first)).toBe(4320 - 109);
  expect(left(next)).toBe(4320 - 2 * 109);
  const colleague = await ask(asked, { as: 'enisa-operator', ...exercise }, cheap);
  expect(left(colleague)).toBe(4320 - 8);
});

test('charges every reader the same, whatever the data', async () => {
  const readers = ['private-partner', 'europol-operator'];
  const questions = [
    'query ($id: String!) { vulnerability(id: $id) { advisories { nodes { id serial } } } }',
    'query ($id: String!) { vulnerability(id: $id) { mispEvents { nodes { id uuid } } } }',
  ];
  for (const query of questions) {
    for (const as of readers) {
      const costs: number[] = [];
      const who = { as, ...exercise };
      let before = left(await ask(asked, who, cheap));
      for (const id of ['CVE-2099-10001', 'CVE-2099-99999', 'no key at all!']) {
        const after = left(await ask(asked, who, query, { id }));
        costs.push(before - after);
        before = after;
      }
      expect([as, costs]).toEqual([as, [36, 36, 36]]);
    }
  }
});

test('charges introspection and documents that do not parse', async () => {
  const who = { as: 'enisa-operator', ...exercise };
  const before = left(await ask(asked, who, cheap));
  const schema = left(await ask(asked, who, '{ __schema { queryType { name } } }'));
  expect(before - schema).toBe(1 + 3 + 5 + 500);
  const broken = await ask(asked, who, `{ nothing(${'x'.repeat(10_000)}`);
  expect(broken.status).toBe(400);
  expect(schema - left(broken)).toBe(10);
});

test('charges nobody for a token that does not verify or a request without a token', async () => {
  const who = { as: 'enisa-operator', ...exercise };
  const before = left(await ask(asked, who, cheap));
  const [header, claims] = (await tokenOf(asked, who)).split('.');
  for (let n = 0; n < 30; n += 1) {
    const authorization = `Bearer ${header}.${claims}.${'A'.repeat(86)}`;
    const forged = await post(trial.url, { query: dear }, { authorization });
    expect([forged.status, forged.headers.get('ratelimit')]).toEqual([401, null]);
    expect((await post(trial.url, { query: dear })).status).toBe(401);
  }
  expect(before - left(await ask(asked, who, cheap))).toBe(8);
});

test('answers a reader without budget with a constant and `retry-after`, and still answers other readers', async () => {
  const { answer, answered } = await askUntilSpent('cert-eu-analyst', dear);
  expect(answered).toBe(Math.floor(4320 / 109));
  expect([answer.status, answer.body]).toEqual([429, spentOf]);
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(60);
  expect(left(answer)).toBeLessThan(109);
  const line = await logged(String(answer.headers.get('x-correlation-id')));
  expect(JSON.parse(line)).toMatchObject({ organisation: 'cert-eu', policy: 'reader', points: 108 });
  expect(line).not.toContain(findReader('cert-eu-analyst')?.subject);
  for (const as of ['cert-eu-operator', 'enisa-analyst']) {
    expect((await ask(asked, { as, ...exercise }, cheap)).status).toBe(200);
  }
  // The remaining points pay for few requests. Without points, documents are no longer parsed.
  const { answer: last } = await askUntilSpent('cert-eu-analyst', '{ __typename }');
  expect(last.body).toEqual(spentOf);
  const none = await askUntilSpent('cert-eu-analyst', `{ ${'#'.repeat(5000)}`);
  expect([none.answered, none.answer.body]).toEqual([0, spentOf]);
});

test('refuses readers of an organisation without budget, and does not charge their own budgets', async () => {
  const since = { at: new Date(), leases: [], fullAt: new Date(Date.now() + 1e8) };
  await store
    .collection<{ _id: string }>('budgets')
    .updateOne({ _id: 'organisation:audit-office' }, { $set: { ...since, level: 0 } }, { upsert: true });
  const who = { as: 'policy-auditor', picture: 'real' };
  const first = await ask(asked, who, cheap);
  expect([first.status, first.body]).toEqual([429, spentOf]);
  expect(first.headers.get('ratelimit')).toBe('"organisation";r=0;t=10');
  expect(first.headers.get('retry-after')).toBe('10');
  const again = await ask(asked, who, cheap);
  expect(again.headers.get('ratelimit')).toBe('"organisation";r=0;t=10');
  await store
    .collection<{ _id: string }>('budgets')
    .updateOne({ _id: 'organisation:audit-office' }, { $set: { level: 5000 } });
  await pause(1100);
  const then = await ask(asked, who, cheap);
  expect([then.status, left(then)]).toEqual([200, 4320 - 8]);
});

test('counts a reader’s budget across two hubs on one store', async () => {
  const { answered } = await askUntilSpent('europol-analyst', dear, [trial.url, second.url]);
  expect(answered).toBeLessThanOrEqual(Math.floor(4320 / 109));
  expect(answered).toBeGreaterThan(20);
});

test('takes an organisation’s budget from the registry, and limits each reader to half of it', async () => {
  const organisations = store.collection<{ _id: string }>('organisations');
  const { organisation } = findReader('exercise-director') ?? { organisation: '' };
  const who = { as: 'exercise-director', ...exercise };
  const policyAfter = async (budget: unknown) => {
    await organisations.updateOne({ _id: organisation }, { $set: { budget } });
    return (await ask(asked, who, cheap)).headers.get('ratelimit-policy');
  };
  const given = await policyAfter({ points: 100, seconds: 50 });
  expect(given).toBe('"reader";q=50;w=1000;qu="points", "organisation";q=100;w=50;qu="points"');
  expect((await ask(asked, who, dear)).body.errors[0].extensions.code).toBe('OPERATION_TOO_LARGE');
  for (const malformed of ['100/50', { points: -1, seconds: 1 }, { points: 1e9 }, { $gt: 0 }, []]) {
    expect(await policyAfter(malformed).catch(() => null)).toContain('"reader";q=4320;w=86400');
  }
  expect(JSON.parse(await logged('the standard budget is in force'))).toMatchObject({ organisation });
});

test('answers with its code while the budget store is down, and recovers', async () => {
  const who = { as: 'hub-administrator', picture: 'real' };
  const id = { _id: `reader:${findReader('hub-administrator')?.subject}` };
  const budgets = store.collection<{ _id: string }>('budgets');
  await budgets.updateOne(id, { $set: { level: 'none', leases: [], at: new Date() } }, { upsert: true });
  const down = await askOnce(asked, who, cheap);
  expect([down.status, down.body]).toEqual([
    503,
    {
      errors: [
        {
          message: 'The budgets cannot be checked. Try again later.',
          extensions: { code: 'BUDGET_UNAVAILABLE' },
        },
      ],
    },
  ]);
  await budgets.updateOne(id, { $set: { level: 100 } });
  expect((await ask(asked, who, cheap)).status).toBe(200);
});

test('lets the hub’s database user count budgets, but not remove or drop them', async () => {
  const budgets = store.collection('budgets');
  await expect(budgets.deleteMany({})).rejects.toThrow(/not authorized/);
  await expect(budgets.drop()).rejects.toThrow(/not authorized/);
  expect(await budgets.countDocuments({ fullAt: { $type: 'date' } })).toBeGreaterThan(0);
});
