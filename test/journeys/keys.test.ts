import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Trial } from '../../docker/trial/trial.ts';
import { agreeWith, hubKeyOf, type TestSession } from '../helpers/as-hub.ts';
import { ask, type Asked, post } from '../helpers/ask.ts';
import { startExercise } from '../helpers/standing.ts';
import { until } from '../helpers/until.ts';

let trial: Trial;
let asked: Asked;

beforeAll(async () => {
  trial = await startExercise();
  asked = { url: trial.url, issuer: trial.issuer, home: trial.home.folder };
}, 600_000);

afterAll(async () => await trial.stop());

const analyst = { as: 'cert-eu-analyst', picture: 'exercise:trial-2026', purpose: 'incident-response' };
const join3 = `{ vulnerability(id: "CVE-2099-10001") {
  exploitation { nodes { id } } advisories { nodes { id } } ransomwareFamilies { nodes { id } } } }`;
const body = '{"query":"{ advisories(first: 1) { nodes { id } } }"}';

function write(file: string, text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function newKey(kid: string) {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    secret: { ...privateKey.export({ format: 'jwk' }), kid },
    shown: { ...publicKey.export({ format: 'jwk' }), kid },
  };
}

function shownKeys(): readonly unknown[] {
  return JSON.parse(readFileSync(trial.home.hubKeysFile, 'utf8')).keys;
}

function writeKeys(keys: readonly unknown[]): void {
  write(trial.home.hubKeysFile, JSON.stringify({ keys }));
}

function logOf(part: string): string {
  return readFileSync(join(trial.home.folder, 'logs', `${part}.log`), 'utf8');
}

async function statusIn(session: TestSession): Promise<number> {
  const authorization = `Bearer ${session.sign(body)}`;
  return (await post(trial.parts.get('cert-eu')?.url ?? '', body, { authorization })).status;
}

async function agree(key: Awaited<ReturnType<typeof hubKeyOf>>): Promise<TestSession> {
  return await agreeWith(trial.parts.get('cert-eu')?.url ?? '', key);
}

/** Queries all three subgraphs without a pause until it is stopped. Counts complete and other answers. */
function askAllTheWhile() {
  const state = { going: true };
  const counted = { whole: 0, others: [] as unknown[] };
  const askOn = async () => {
    while (state.going) {
      const answer = await ask(asked, analyst, join3);
      const parts = Object.values<{ nodes: unknown[] } | null>(answer.body?.data?.vulnerability ?? {});
      const whole = parts.length === 3 && parts.every((part) => (part?.nodes.length ?? 0) > 0);
      if (whole && answer.body.errors === undefined) counted.whole += 1;
      else counted.others.push(answer.body);
    }
  };
  const asking = Promise.all([askOn(), askOn(), askOn()]);
  return {
    /** Waits for a number of further complete answers. */
    goOn: async (more: number) => {
      const enough = counted.whole + more;
      await until('whole answers', () => counted.whole >= enough || counted.others.length > 0);
    },
    stop: async () => {
      state.going = false;
      await asking;
      return counted;
    },
  };
}

test('exchanges keys under load without an incomplete answer', async () => {
  const old = await hubKeyOf(trial.home.folder);
  const before = await agree(old);
  const [oldShown] = shownKeys();
  const { secret, shown } = newKey('second');
  const asking = askAllTheWhile();
  await asking.goOn(20);

  writeKeys([oldShown, shown]);
  write(trial.home.signingKeyFile, JSON.stringify(secret));
  const next = await hubKeyOf(trial.home.folder);
  await until('the new key is taken', async () => {
    return await agree(next).then(
      () => true,
      () => false,
    );
  });
  await asking.goOn(20);
  expect(await statusIn(before)).toBe(200);

  writeKeys([shown]);
  await until('the old key is gone', async () => (await statusIn(before)) === 401);
  await asking.goOn(50);
  await expect(agree(old)).rejects.toThrow(/401/);
  const { whole, others } = await asking.stop();
  expect(others).toEqual([]);
  expect(whole).toBeGreaterThanOrEqual(90);
});

test('keeps the old keys if the key file is malformed, and logs it', async () => {
  const key = await hubKeyOf(trial.home.folder);
  const keys = shownKeys();
  const session = await agree(key);
  const { d } = JSON.parse(readFileSync(trial.home.signingKeyFile, 'utf8'));
  const signing = readFileSync(trial.home.signingKeyFile, 'utf8');
  write(trial.home.hubKeysFile, '{"keys": [');
  write(trial.home.signingKeyFile, `{"kty": "OKP", "d": "${d}`);
  const logged = { subgraph: 'the previous ones stay in use', hub: 'the previous key stays in use' };
  await until('both log it', () =>
    ['cert-eu', 'enisa', 'europol', 'hub'].every((part) =>
      logOf(part).includes(part === 'hub' ? logged.hub : logged.subgraph),
    ),
  );
  expect(await statusIn(session)).toBe(200);
  expect(await statusIn(await agree(key))).toBe(200);
  expect((await ask(asked, analyst, join3)).body.errors).toBeUndefined();
  expect(logOf('hub')).not.toContain(d);
  write(trial.home.signingKeyFile, signing);
  writeKeys(keys);
});

test('rejects every session while the key set is empty, and recovers with the key', async () => {
  const key = await hubKeyOf(trial.home.folder);
  const session = await agree(key);
  const keys = shownKeys();
  writeKeys([]);
  await until('sessions are over', async () => (await statusIn(session)) === 401);
  await expect(agree(key)).rejects.toThrow(/401/);
  await until('every part is lost', async () => (await ask(asked, analyst, join3)).body.errors?.length === 3);
  writeKeys(keys);
  await until('it is whole', async () => (await ask(asked, analyst, join3)).body.errors === undefined);
  expect(await statusIn(session)).toBe(401);
});

test('answers the first request after a restart of a subgraph or of the hub', async () => {
  const session = await agree(await hubKeyOf(trial.home.folder));
  expect((await ask(asked, analyst, join3)).body.errors).toBeUndefined();
  await trial.parts.get('cert-eu')?.kill();
  await trial.restart('cert-eu');
  expect(await statusIn(session)).toBe(401);
  await until('the store is there', async () => (await ask(asked, analyst, join3)).body.errors === undefined);
  await trial.parts.get('hub')?.kill();
  await trial.restart('hub');
  await until('the hub is ready', async () => (await ask(asked, analyst, join3)).body.errors === undefined);
});

test('refuses to start a subgraph or a hub with a key file without usable keys, and names the file', async () => {
  const keys = shownKeys();
  const signing = readFileSync(trial.home.signingKeyFile, 'utf8');
  await trial.parts.get('cert-eu')?.stop();
  writeKeys([JSON.parse(signing)]);
  await expect(trial.restart('cert-eu')).rejects.toThrow(
    /ended with 1[^]*JCU_HUB_KEYS_FILE: expected a JWKS of public/,
  );
  writeKeys(keys);
  await trial.restart('cert-eu');
  await trial.parts.get('hub')?.stop();
  write(trial.home.signingKeyFile, JSON.stringify(keys[0]));
  await expect(trial.restart('hub')).rejects.toThrow(
    /ended with 1[^]*JCU_SIGNING_KEY_FILE: expected a private/,
  );
  write(trial.home.signingKeyFile, signing);
  await trial.restart('hub');
});
