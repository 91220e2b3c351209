import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { MongoClient } from 'mongodb';
import { join } from 'node:path';
import { waitAtMost } from '../../docker/trial/patience.ts';
import { openAsAdmin } from '../../docker/trial/stores/admin.ts';
import { openSecrets } from '../../docker/trial/stores/secrets.ts';
import type { Trial } from '../../docker/trial/trial.ts';
import { ask, type Asked, askOnce } from '../helpers/ask.ts';
import { startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;
let admin: MongoClient;

beforeAll(async () => {
  // The standard time limit of the hub's store, so that an outage of it is an error soon.
  trial = await startExercise({ env: { JCU_STORE_DEADLINE_MS: '1500' } });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  const secrets = await openSecrets(join(trial.home.folder, 'stores'), ['all']);
  admin = await openAsAdmin(
    Number(new URL(trial.stores.uris.hub).port),
    secrets.server('all').admin,
    waitAtMost(10_000),
  );
}, 600_000);

afterAll(async () => {
  await admin.close();
  await trial.stop();
});

const insider = { as: 'enisa-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const trailOnly = { resource: { db: 'jcu_hub', collection: 'trail' }, actions: ['insert'] };

/** Revokes or grants the hub's right to append: only the audit log is down, not the registry. */
async function allowAppending(allowed: boolean): Promise<void> {
  const command = allowed ? 'grantPrivilegesToRole' : 'revokePrivilegesFromRole';
  await admin.db('jcu_hub').command({ [command]: 'hub', privileges: [trailOnly] });
}

async function codeOf(query: string): Promise<{ status: number; code: string | undefined; data: unknown }> {
  const { status, body } = await askOnce(asked, insider, query);
  return { status, code: body.errors?.[0]?.extensions.code, data: body.data };
}

test('refuses answers that cannot be logged, above CLEAR at once, and recovers', async () => {
  const amber = '{ mispEvents { nodes { id } } }';
  const clear = '{ advisories { nodes { id } } }';
  expect((await codeOf(amber)).status).toBe(200);
  await allowAppending(false);
  expect(await codeOf(amber)).toEqual({ status: 503, code: 'TRAIL_UNAVAILABLE', data: undefined });
  expect(await codeOf(clear)).toEqual({ status: 503, code: 'TRAIL_UNAVAILABLE', data: undefined });
  await allowAppending(true);
  const until = Date.now() + 45_000;
  while ((await codeOf(amber)).status !== 200 && Date.now() < until);
  expect(await codeOf(amber)).toMatchObject({ status: 200, code: undefined });
  expect(await codeOf(clear)).toMatchObject({ status: 200, code: undefined });
});

test('does not send a change that cannot be logged', async () => {
  const operator = { as: 'defence-operator', picture: 'exercise:trial-2026', purpose: 'cyber-defence' };
  const create = `mutation ($input: CreateDefenceAssessmentInput!) {
    createDefenceAssessment(input: $input) { record { id } userErrors { code } } }`;
  const judgement = 'EXERCISE: made while nothing could be recorded';
  const input = {
    key: 'while the trail is down',
    content: { subject: { asset: 'EXERCISE' }, judgement },
    reading: { marking: { tlp: 'GREEN' } },
  };
  const made = async () => {
    const { body } = await ask(asked, operator, '{ defenceAssessments(first: 100) { nodes { judgement } } }');
    return body.data.defenceAssessments.nodes.filter(
      (one: { judgement: string }) => one.judgement === judgement,
    );
  };
  await allowAppending(false);
  const refused = await askOnce(asked, operator, create, { input });
  expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([503, 'TRAIL_UNAVAILABLE']);
  await allowAppending(true);
  const until = Date.now() + 45_000;
  while ((await codeOf('{ mispEvents { nodes { id } } }')).status !== 200 && Date.now() < until);
  expect(await made()).toEqual([]);
  const { body } = await ask(asked, operator, create, { input });
  expect(body.data.createDefenceAssessment.userErrors).toEqual([]);
  expect(await made()).toHaveLength(1);
});
