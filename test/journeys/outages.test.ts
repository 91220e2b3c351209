import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../../docker/trial/trial.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { community as certEu } from '../../subgraphs/cert-eu/community.ts';
import { turnSwitch } from '../../subgraphs/serve/operate/switch.ts';
import { openStore } from '../../subgraphs/serve/store/store.ts';
import { ask, type Asked, askOnce } from '../helpers/ask.ts';
import { startExercise } from '../helpers/standing.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  // The standard time limit of the hub's store, so that an outage of it is an error soon.
  trial = await startExercise({
    apart: true,
    env: { JCU_STORE_DEADLINE_MS: '1500', JCU_PART_DEADLINE_MS: '8000' },
  });
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const analyst = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const roots = {
  enisa: 'exploitationStatements',
  'cert-eu': 'advisories',
  europol: 'ransomwareFamilies',
  eeas: 'maliciousActivityCases',
  defence: 'defenceAssessments',
  'joint-unit': 'jointCaseRecords',
} as const;
const contributions = {
  enisa: 'exploitation',
  'cert-eu': 'advisories',
  europol: 'ransomwareFamilies',
  eeas: 'maliciousActivityCases',
  defence: 'defenceAssessments',
  'joint-unit': 'jointCaseRecords',
} as const;

/** The join, with the root list of one community first. */
function joinAskedOf(first: keyof typeof roots): string {
  return `{ ${roots[first]} { nodes { id } }
    vulnerability(id: "CVE-2099-10001") { name
      ${Object.values(contributions)
        .map((field) => `${field} { nodes { id } }`)
        .join(' ')} } }`;
}

async function expectWhole(): Promise<void> {
  const until = Date.now() + 60_000;
  for (;;) {
    const { body } = await ask(asked, analyst, joinAskedOf('enisa'));
    const parts = Object.values(contributions).map(
      (field) => body?.data?.vulnerability?.[field]?.nodes?.length ?? 0,
    );
    if (body?.errors === undefined && parts.every((count) => count > 0)) return;
    if (Date.now() > until) throw new Error(`no whole answer in 60 s: ${JSON.stringify(body)}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function expectOnlyLost(community: (typeof communities)[number]): Promise<void> {
  for (const first of communities) {
    const { status, body } = await askOnce(asked, analyst, joinAskedOf(first));
    expect(status).toBe(200);
    const paths = [
      ...(first === community ? [[roots[first]]] : []),
      ['vulnerability', contributions[community]],
    ];
    expect(body.errors).toEqual(
      paths.map((path) => ({
        message: 'A community did not answer in time, so its part is missing. Try again later.',
        path,
        extensions: { code: 'PART_UNAVAILABLE', part: community },
      })),
    );
    expect(body.data.vulnerability.name).toBe('CVE-2099-10001');
    for (const other of communities) {
      const part = body.data.vulnerability[contributions[other]];
      expect([other, part === null, (part?.nodes.length ?? 0) > 0]).toEqual([
        other,
        other === community,
        other !== community,
      ]);
    }
    const root = body.data[roots[first]];
    expect([root === null, (root?.nodes.length ?? 0) > 0]).toEqual([
      first === community,
      first !== community,
    ]);
  }
}

for (const community of communities) {
  test(`returns the other communities’ records while the ${community} subgraph is down, and recovers`, async () => {
    await expectWhole();
    await trial.parts.get(community)?.kill();
    await expectOnlyLost(community);
    await trial.restart(community);
    await expectWhole();
  }, 240_000);

  test(`returns the other communities’ records while the ${community} store is down, and recovers without a restart`, async () => {
    await expectWhole();
    await trial.stores.stopOne(community);
    await expectOnlyLost(community);
    await trial.stores.startOne(community);
    await expectWhole();
  }, 240_000);
}

test('answers nothing and reveals no reason while the hub’s store is down, and recovers', async () => {
  await expectWhole();
  await trial.stores.stopOne('hub');
  const { status, body } = await askOnce(asked, analyst, joinAskedOf('enisa'));
  expect(status).toBe(503);
  expect(body.data).toBeUndefined();
  expect(body.errors[0].extensions).toEqual({ code: 'REGISTRY_UNAVAILABLE' });
  await trial.stores.startOne('hub');
  await expectWhole();
}, 600_000);

/** Suspends a store's server during a request: it accepts connections and answers nothing. */
async function whileItHangs(store: 'hub' | 'cert-eu', use: () => Promise<void>): Promise<void> {
  const lock = join(trial.home.folder, 'stores', store, 'db', 'mongod.lock');
  const pid = Number(readFileSync(lock, 'utf8'));
  if (!(pid > 1)) throw new Error(`no server works on ${lock}`);
  process.kill(pid, 'SIGSTOP');
  try {
    await use();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

test('refuses every request within seconds while the hub’s store hangs, and recovers', async () => {
  await expectWhole();
  await whileItHangs('hub', async () => {
    for (let time = 0; time < 3; time += 1) {
      const start = performance.now();
      const { status, body } = await askOnce(asked, analyst, joinAskedOf('enisa'));
      expect([status, body.data]).toEqual([503, undefined]);
      // On a busy machine the server can answer once more, so that the next use of the store fails.
      expect(body.errors[0].extensions.code).toMatch(/^(REGISTRY|BUDGET)_UNAVAILABLE$/);
      expect(performance.now() - start).toBeLessThan(20_000);
    }
  });
  await expectWhole();
}, 600_000);

test('loses only the response of the community whose store hangs, and recovers', async () => {
  await expectWhole();
  await whileItHangs('cert-eu', async () => await expectOnlyLost('cert-eu'));
  await expectWhole();
}, 600_000);

test('starts subgraph and hub while their stores are down, and answers when the stores are up', async () => {
  await trial.stores.stopOne('europol');
  await trial.stores.stopOne('hub');
  await trial.parts.get('europol')?.stop();
  await trial.parts.get('hub')?.stop();
  await trial.restart('europol');
  await trial.restart('hub');
  const { status } = await askOnce(asked, analyst, joinAskedOf('enisa'));
  expect(status).toBe(503);
  await trial.stores.startOne('hub');
  await trial.stores.startOne('europol');
  await expectWhole();
}, 600_000);

test('removes a community within a second of its operator’s switch, and adds it again', async () => {
  await expectWhole();
  const store = openStore(trial.stores.uris['cert-eu'], certEu.kinds, () => undefined);
  try {
    await store.connection.asPromise();
    await turnSwitch(store, true, 'cert-eu-operator', 'EXERCISE: a leak is looked into', new Date());
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await expectOnlyLost('cert-eu');
    await turnSwitch(store, false, 'cert-eu-operator', 'EXERCISE: it was none', new Date());
    await expectWhole();
  } finally {
    await store.connection.close();
  }
});
