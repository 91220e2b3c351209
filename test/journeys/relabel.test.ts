import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { MongoClient } from 'mongodb';
import type { Trial } from '../../docker/trial/trial.ts';
import { readPolicy } from '../../schema/policy/decide/load.ts';
import { nameOfVersion } from '../../schema/policy/decide/policy.ts';
import { communities, type Community } from '../../schema/record/vocabulary.ts';
import { agreeWith, hubKeyOf } from '../helpers/as-hub.ts';
import { ask, type Asked, post } from '../helpers/ask.ts';
import { putBundle, signAsTrial, textsOf } from '../helpers/bundles.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';
import { withoutRules } from '../helpers/versions.ts';

let trial: Trial;
let asked: Asked;
let first: Seen;

/** A relabelling of six stores takes a while, and a look at them takes six connections. */
const patience = { withinMs: 90_000, everyMs: 100 };

/** Returns the number of records that a reader gets, by kind. */
type Seen = Readonly<Record<string, number>>;

beforeAll(async () => {
  trial = await startExercise();
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  await untilServed(version);
  first = await seen();
}, 600_000);

afterAll(async () => await trial.stop());

const { version } = readPolicy().source;
const analyst = { as: 'fr-csirt-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const lists = ['advisories', 'mispEvents', 'actorProfiles'];
const question = `{ ${lists.map((list) => `${list}(first: 100) { nodes { id } total { value } }`).join(' ')} }`;

/** Returns a complete answer of the hub. Throws if a part is missing. */
async function seen(): Promise<Seen> {
  const { status, body, text } = await ask(asked, analyst, question);
  if (status !== 200 || body.errors !== undefined) throw new Error(`expected a whole answer, got ${text}`);
  const counts = lists.map((list) => {
    const { nodes, total } = body.data[list] as { nodes: unknown[]; total: { value: number } };
    expect(total.value).toBe(nodes.length);
    return [list, nodes.length] as const;
  });
  return Object.fromEntries(counts);
}

async function labellingOf(community: Community) {
  const client = await new MongoClient(trial.stores.uris[community]).connect();
  try {
    return await client.db().collection('labelling').findOne({});
  } finally {
    await client.close();
  }
}

async function untilServed(expected: number): Promise<void> {
  await until(
    `every store is served by ${expected}`,
    async () => {
      const states = await Promise.all(communities.map(labellingOf));
      return states.every((state) => state?.['serving'] === expected);
    },
    patience,
  );
}

test('applies a narrower policy under load: each answer is complete, and none is wider after the first narrower one', async () => {
  const texts = textsOf(version + 1, (rules) => withoutRules(rules, ['J03']));
  const over = new AbortController();
  const answers: Seen[] = [];
  const asking = (async () => {
    while (!over.signal.aborted) answers.push(await seen());
  })();
  putBundle(trial.home, await signAsTrial(trial.home, texts));
  await untilServed(version + 1);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  over.abort();
  await asking;
  const last = await seen();
  expect(last).not.toEqual(first);
  const narrowed = answers.findIndex((one) => JSON.stringify(one) === JSON.stringify(last));
  for (const one of answers.slice(narrowed)) expect(one).toEqual(last);
  for (const [at, one] of answers.slice(0, narrowed).entries()) {
    for (const list of lists) {
      expect([first[list], last[list]]).toContain(one[list]);
      expect(one[list]).toBeLessThanOrEqual(answers[at - 1]?.[list] ?? Number.POSITIVE_INFINITY);
    }
  }
}, 600_000);

test('continues a relabelling after the subgraph is killed, and then applies the wider policy', async () => {
  putBundle(trial.home, await signAsTrial(trial.home, textsOf(version + 2)));
  await until(
    'the job is at work',
    async () => ((await labellingOf('cert-eu'))?.['leaving'] ?? null) !== null,
    patience,
  );
  await trial.parts.get('cert-eu')?.kill();
  await trial.restart('cert-eu');
  await untilServed(version + 2);
  await until(
    'the first answer again',
    async () => JSON.stringify(await seen().catch(() => null)) === JSON.stringify(first),
    patience,
  );
  expect(await labellingOf('cert-eu')).toMatchObject({ serving: version + 2, next: null });
}, 600_000);

test('answers a hub with the current or previous policy version only, and notifies the operator of others', async () => {
  const url = trial.parts.get('cert-eu')?.url ?? '';
  const session = await agreeWith(url, await hubKeyOf(trial.home.folder));
  const body = JSON.stringify({ query: '{ __typename }' });
  const askAs = async (policy: string): Promise<number> => {
    const authorization = `Bearer ${session.sign(body, { policy })}`;
    return (await post(url, body, { authorization })).status;
  };
  expect(await askAs(nameOfVersion(version + 2))).toBe(200);
  expect(await askAs(nameOfVersion(version + 1))).toBe(200);
  for (const other of [nameOfVersion(version), nameOfVersion(version + 3), 'none'])
    expect([other, await askAs(other)]).toEqual([other, 503]);
});
