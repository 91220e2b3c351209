import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import { randomUUID } from 'node:crypto';
import { findReader } from '../../docker/trial/issuer/readers.ts';
import type { Trial } from '../../docker/trial/trial.ts';
import { parseAccess } from '../../gateway/audit/parse-entry.ts';
import { readEntries } from '../../gateway/audit/store.ts';
import { ask, type Asked } from '../helpers/ask.ts';
import { created, milcert, operator, update } from '../helpers/changes.ts';
import { Interceptor } from '../helpers/interceptor.ts';
import { startExercise } from '../helpers/standing.ts';

/** A hub that keeps answers, and everything that passes between it and the subgraph of defence. */

const interceptor = new Interceptor();
let trial: Trial;
let asked: Asked;
let store: MongoClient;

beforeAll(async () => {
  const env = { JCU_KEEP_MS: '900', JCU_SUBGRAPH_DEFENCE_URL: await interceptor.listen() };
  trial = await startExercise({ env });
  interceptor.to = trial.parts.get('defence')?.url ?? '';
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  store = new MongoClient(trial.stores.uris.hub);
}, 600_000);

afterAll(async () => {
  await store.close();
  await trial.stop();
  await interceptor.close();
});

const query = 'query Q($id: ID!) { defenceAssessment(id: $id) { id judgement } }';

/** The queries to defence about one record. */
function queriesAbout(id: string): number {
  return interceptor.passed.filter(({ path, body }) => path === '/graphql' && body.includes(id)).length;
}

/** Asks until an answer comes from memory: a busy machine can be slower than the time for which answers are kept. */
async function askKept(id: string) {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const before = queriesAbout(id);
    const { body } = await ask(asked, milcert, query, { id });
    if (queriesAbout(id) === before) return body;
  }
  throw new Error('expected one answer of 20 from memory');
}

async function membershipUntil(until: Date | null): Promise<void> {
  const _id = findReader(milcert.as)?.subject ?? '';
  await store.db().collection<{ _id: string }>('memberships').updateOne({ _id }, { $set: { until } });
}

test('answers an identical question from memory, with its own audit entry', async () => {
  const id = await created(asked);
  const first = await ask(asked, milcert, query, { id });
  const again = await askKept(id);
  expect(again.data).toEqual(first.body.data);
  expect(again.extensions.holds).toEqual(first.body.extensions.holds);
  const found = new Set<string>();
  for await (const { bytes } of readEntries(store.db(), 'trial')) {
    const entry = parseAccess(bytes);
    if (entry?.disclosed.some((one) => one.id === id)) found.add(entry.correlationId);
  }
  expect(found).toContain(first.body.extensions.correlationId);
  expect(found).toContain(again.extensions.correlationId);
});

test('shows a change to its author at once, and to others after the time', async () => {
  const id = await created(asked);
  await askKept(id);
  const content = { judgement: 'EXERCISE: changed' };
  const input = { key: randomUUID(), id, expectedVersion: 1, content };
  const changed = await ask(asked, operator, update, { input });
  expect(changed.body.data.updateDefenceAssessment.userErrors).toEqual([]);
  const own = await ask(asked, operator, query, { id });
  expect(own.body.data.defenceAssessment.judgement).toBe(content.judgement);
  await new Promise((resolve) => setTimeout(resolve, 900));
  const others = await ask(asked, milcert, query, { id });
  expect(others.body.data.defenceAssessment.judgement).toBe(content.judgement);
});

test('keeps no answer with a record above the limit of its community', async () => {
  const audience = { reach: 'NAMED', organisations: ['milcert-ee'] };
  const id = await created(asked, { reading: { marking: { tlp: 'AMBER' }, audience } });
  for (const asking of [1, 2, 3]) {
    const { body } = await ask(asked, milcert, query, { id });
    expect(body.data.defenceAssessment).toMatchObject({ id });
    expect(queriesAbout(id)).toBe(asking);
  }
});

test('gives nothing kept to a reader whose membership has ended', async () => {
  const id = await created(asked);
  await askKept(id);
  await membershipUntil(new Date(Date.now() - 1));
  try {
    const { status, body } = await ask(asked, milcert, query, { id });
    expect([status, body.data ?? null, body.errors[0].extensions.code]).toEqual([
      401,
      null,
      'UNAUTHENTICATED',
    ]);
  } finally {
    await membershipUntil(null);
  }
});

test('gives nothing kept to a reader of another organisation, or for another purpose', async () => {
  const id = await created(asked);
  await askKept(id);
  const before = queriesAbout(id);
  await ask(asked, { ...milcert, purpose: 'exercise' }, query, { id });
  await ask(asked, operator, query, { id });
  expect(queriesAbout(id)).toBe(before + 2);
});

const green = { marking: { tlp: 'GREEN' } };
const hourMs = 3_600_000;

test('keeps no answer with a record under embargo', async () => {
  const embargoUntil = new Date(Date.now() + hourMs).toISOString();
  const id = await created(asked, { reading: { ...green, embargoUntil } });
  for (const asking of [1, 2, 3]) {
    const { body } = await ask(asked, operator, query, { id });
    expect(body.data.defenceAssessment).toMatchObject({ id });
    expect(queriesAbout(id)).toBe(asking);
  }
});

test('hides a record until its embargo ends, and shows it at most 900 ms later', async () => {
  const end = Date.now() + 15_000;
  const id = await created(asked, { reading: { ...green, embargoUntil: new Date(end).toISOString() } });
  const early: unknown[] = [];
  while (Date.now() < end + 900) {
    const { body } = await ask(asked, milcert, query, { id });
    if (Date.now() < end) early.push(body.data.defenceAssessment);
  }
  expect(early.length).toBeGreaterThan(0);
  expect(early.filter((one) => one !== null)).toEqual([]);
  const { body } = await ask(asked, milcert, query, { id });
  expect(body.data.defenceAssessment).toMatchObject({ id });
});
