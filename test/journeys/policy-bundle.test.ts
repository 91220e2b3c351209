import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlattenedSign } from 'jose';
import type { Trial } from '../../docker/trial/trial.ts';
import { signBundle } from '../../schema/policy/bundle/bundle.ts';
import { readPolicyTexts } from '../../schema/policy/decide/load.ts';
import { communities } from '../../schema/record/vocabulary.ts';
import { ask, type Asked, post } from '../helpers/ask.ts';
import { newSigner, putBundle, signAsTrial, textsOf, trialSigner } from '../helpers/bundles.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

let trial: Trial;
let asked: Asked;
let good: string;

beforeAll(async () => {
  trial = await startExercise();
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
  good = readFileSync(trial.home.policyBundleFile, 'utf8');
}, 600_000);

afterAll(async () => await trial.stop());

const analyst = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const join3 = `{ vulnerability(id: "CVE-2099-10001") { exploitation { nodes { id } }
  advisories { nodes { id } } ransomwareFamilies { nodes { id } } } }`;
const parts = ['hub', ...communities];

function logOf(name: string): string {
  return readFileSync(join(trial.home.folder, 'logs', `${name}.log`), 'utf8');
}

async function readiness(): Promise<readonly number[]> {
  return await Promise.all(
    parts.map(async (name) => (await fetch(new URL('/ready', trial.parts.get(name)?.url))).status),
  );
}

/** Returns the last line of a part's log that says why its bundle is refused. */
function lastRefusal(name: string): string | undefined {
  return logOf(name)
    .split('\n')
    .findLast((line) => line.includes('"level":50') && line.includes('JCU_POLICY_BUNDLE_FILE'));
}

/** Every part refuses. The reader gets a constant; each operator's log gives the reason and the remedy. */
async function expectRefused(why: RegExp): Promise<void> {
  await until('every part refuses', async () => (await readiness()).every((status) => status === 503));
  const { status, body } = await ask(asked, analyst, join3);
  expect(status).toBe(503);
  expect(body.data).toBeUndefined();
  expect(body.errors).toEqual([
    {
      message: 'No policy is in force, so every request is refused. Try again later.',
      extensions: { code: 'POLICY_UNAVAILABLE' },
    },
  ]);
  for (const name of parts) {
    // A part may be unready for an earlier reason when it has not read the bundle yet.
    await until(`${name} says why`, () => why.test(lastRefusal(name) ?? ''));
    expect([name, lastRefusal(name)]).toEqual([name, expect.stringMatching(why)]);
  }
}

async function expectWhole(): Promise<void> {
  await until('every part is ready', async () => (await readiness()).every((status) => status === 200));
  await until('a whole answer', async () => {
    const { body } = await ask(asked, analyst, join3);
    const pages = Object.values(body?.data?.vulnerability ?? {}) as ({ nodes: unknown[] } | null)[];
    return (
      body?.errors === undefined && pages.length === 3 && pages.every((page) => page?.nodes.length !== 0)
    );
  });
}

test('refuses everything while the bundle is missing, and recovers when it is back', async () => {
  await expectWhole();
  rmSync(trial.home.policyBundleFile);
  await expectRefused(/cannot be read \(ENOENT\)/);
  putBundle(trial.home, good);
  await expectWhole();
});

test('answers an unknown caller 401 whether or not a policy is in force', async () => {
  rmSync(trial.home.policyBundleFile);
  await expectRefused(/ENOENT/);
  expect((await post(trial.url, { query: join3 })).status).toBe(401);
  for (const name of communities) {
    const { status, text } = await post(trial.parts.get(name)?.url ?? '', { query: '{ __typename }' });
    expect([status, text]).toEqual([401, '']);
  }
  putBundle(trial.home, good);
  await expectWhole();
});

const files = readPolicyTexts();
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const broken: readonly (readonly [string, RegExp, () => Promise<string>])[] = [
  ['unsigned', /expected a signed bundle/, async () => await Promise.resolve(JSON.stringify({ files }))],
  [
    'signed by a foreign key',
    /has no key stranger/,
    async () => await signBundle(files, (await newSigner('stranger')).key, new Date()),
  ],
  [
    'signed by a foreign key under a known name',
    /signature does not match its key/,
    async () => {
      const { id } = await trialSigner(trial.home);
      return await signBundle(files, (await newSigner(id)).key, new Date());
    },
  ],
  [
    'half written',
    /expected a signed bundle/,
    async () => await Promise.resolve(good.slice(0, good.length / 2)),
  ],
  [
    'malformed within its signature',
    /content is malformed/,
    async () => {
      const { id, privateKey } = await trialSigner(trial.home);
      const header = { alg: 'EdDSA', typ: 'jcu-policy+jws', kid: id };
      const signed = new FlattenedSign(bytes({ format: 'jcu-policy-bundle/1' })).setProtectedHeader(header);
      return JSON.stringify(await signed.sign(privateKey));
    },
  ],
  [
    'for another deployment',
    /for the deployment elsewhere/,
    async () => await signBundle(files, await trialSigner(trial.home), new Date(), 'elsewhere'),
  ],
  [
    'of the same version and other words',
    /differs from the version \d+ that was accepted/,
    async () =>
      await signAsTrial(trial.home, { ...files, 'baseline.yaml': `${files['baseline.yaml']}\n# other\n` }),
  ],
];

for (const [what, why, make] of broken) {
  test(`refuses a bundle that is ${what}, and recovers with a good one`, async () => {
    putBundle(trial.home, await make());
    await expectRefused(why);
    putBundle(trial.home, good);
    await expectWhole();
  });
}

test('refuses everything after a start without a good bundle, until there is one', async () => {
  writeFileSync(trial.home.policyBundleFile, '');
  await expectRefused(/expected a signed bundle/);
  for (const name of ['hub', 'cert-eu']) {
    await trial.parts.get(name)?.stop();
    await trial.restart(name);
  }
  await expectRefused(/expected a signed bundle/);
  putBundle(trial.home, good);
  await expectWhole();
});

test('refuses bundles of a key that was removed, until it is added again', async () => {
  const keys = readFileSync(trial.home.policyKeysFile, 'utf8');
  writeFileSync(trial.home.policyKeysFile, (await newSigner('another-office')).jwks);
  await expectRefused(/JCU_POLICY_KEYS_FILE has no key/);
  writeFileSync(trial.home.policyKeysFile, keys);
  await expectWhole();
});

test('refuses an older bundle than the last one, also after a restart', async () => {
  const { version } = JSON.parse(Buffer.from(JSON.parse(good).payload as string, 'base64url').toString()) as {
    version: number;
  };
  putBundle(trial.home, await signAsTrial(trial.home, textsOf(version + 1)));
  await until('the newer version is in force', async () => (await readiness()).every((one) => one === 200));
  await until('every part has taken it', async () => {
    return await Promise.resolve(
      parts.every((name) => logOf(name).includes(`version ${version + 1}, signed`)),
    );
  });
  putBundle(trial.home, good);
  await expectRefused(new RegExp(`has version ${version}, but version ${version + 1} was accepted`));
  for (const name of ['hub', 'cert-eu']) {
    await trial.parts.get(name)?.stop();
    await trial.restart(name);
  }
  await expectRefused(/was accepted at/);
});
