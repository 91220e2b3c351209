import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Collection } from 'mongodb';
import { openHome, policySettings, type TrialHome } from '../../../../docker/trial/home.ts';
import { signTrialPolicy } from '../../../../docker/trial/policy-office.ts';
import { type Part, startPart } from '../../../../docker/trial/process.ts';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { readPolicy } from '../../../../schema/policy/decide/load.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import type { Content } from '../../../../subgraphs/serve/record/content.ts';
import { openStore } from '../../../../subgraphs/serve/store/store.ts';
import { agreeWith, hubKeyOf, type TestSession } from '../../../helpers/as-hub.ts';
import { post } from '../../../helpers/ask.ts';
import { versionsOf } from '../../../helpers/versions.ts';
import { endOf, type Ended, Place } from '../ingest/place.ts';
import { first } from './cert-eu-2.ts';
import { prepared } from './stores.ts';

let place: Place;
let home: TrialHome;
beforeAll(async () => {
  place = await Place.open();
  home = openHome(join(place.folder, 'home'));
  await signTrialPolicy(home);
  mkdirSync(join(home.folder, 'logs'), { recursive: true });
});
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const parts: Part[] = [];
afterEach(async () => {
  for (const part of parts.splice(0)) await part.stop();
});

const uri = () => place.stores.uris['cert-eu'];
const advisories = (): Collection<StoredRecord<Content>> => place.client.db().collection('advisories');
const migrated = async () => await advisories().countDocuments({ schemaVersion: 2 });

/** Advisories as the import of version 1 writes them, the first number of them said otherwise. */
async function importOld(count: number, changed = 0): Promise<void> {
  const policy = readPolicy();
  const store = openStore(uri(), first.kinds, () => undefined);
  await store.connection.asPromise();
  const keyAssigner = followKeyState(store, versionsOf(policy), policy.source.version);
  const target = new Target(store, 'test', null, keyAssigner);
  await target.prepare();
  for (let from = 0; from < count; from += 1000) {
    const batch = Array.from({ length: Math.min(1000, count - from) }, (_, index) => {
      const at = from + index;
      const title = { value: `EXERCISE ${at}${at < changed ? ' changed' : ''}`, lang: 'en' };
      const content = { serial: `2099-${at % 5}`, title, exploitedInTheWild: 'YES', vulnerabilities: [] };
      return prepared(at, content, {}, 'Advisory');
    });
    await target.write(batch);
  }
  await store.connection.close();
}

/** The operator's command of version 2. */
function operate(...args: readonly string[]): ChildProcess {
  const file = join(import.meta.dirname, 'operate-cert-eu-2.ts');
  return spawn(process.execPath, ['--no-warnings', file, 'migrate', ...args], {
    env: { ...process.env, JCU_STORE_URI: uri() },
    stdio: 'pipe',
  });
}

async function run(...args: readonly string[]): Promise<Ended> {
  return await endOf(operate(...args));
}

/** A subgraph of cert-eu as a separate process, queried as the hub queries it. */
async function startSubgraph(name: string, file: string) {
  const part = await startPart(
    name,
    [file],
    {
      JCU_STORE_URI: uri(),
      JCU_HUB_KEYS_FILE: home.hubKeysFile,
      JCU_CURSOR_KEY: home.cursorKeys['cert-eu'],
      ...policySettings(home),
    },
    join(home.folder, 'logs'),
  );
  parts.push(part);
  while (!(await fetch(new URL('/ready', part.url))).ok) await pause(50);
  const session = await agreeWith(part.url, await hubKeyOf(home.folder));
  return { part, ask: async (query: string) => await ask(part, session, query) };
}

async function ask(part: Part, session: TestSession, query: string) {
  const body = JSON.stringify({ query });
  const answer = await post(part.url, body, { authorization: `Bearer ${session.sign(body)}` });
  return { data: answer.body?.data, errors: answer.body?.errors };
}

const startOld = async () => await startSubgraph('old', 'subgraphs/cert-eu/main.ts');
const startNew = async () => await startSubgraph('new', 'test/subgraphs/serve/migrate/main-cert-eu-2.ts');

const all = '{ advisories(first: 50) { nodes { serial title { value } } total { value } } }';
const some =
  '{ advisories(first: 50, filter: { serial: "2099-3" }) { nodes { serial title { value } } total { value } } }';

const logOf = (name: string) => readFileSync(join(home.folder, 'logs', `${name}.log`), 'utf8');

test('gives equal answers in two versions of a subgraph before, during and after a migration', async () => {
  await importOld(40);
  const [old, young] = await Promise.all([startOld(), startNew()]);
  const { data, errors } = await old.ask(all);
  expect(errors).toBeUndefined();
  expect(data.advisories.nodes).toHaveLength(40);
  expect(data.advisories.nodes[0]).toEqual({ serial: '2099-4', title: { value: 'EXERCISE 39' } });
  const filtered = (await old.ask(some)).data;
  expect(filtered.advisories).toMatchObject({ total: { value: 8 } });
  const expectAlike = async (changed = 0) => {
    for (const subgraph of [old, young]) {
      const answer = await subgraph.ask(all);
      expect(answer.errors).toBeUndefined();
      const titles = answer.data.advisories.nodes.map(
        (node: { title: { value: string } }) => node.title.value,
      );
      expect(titles.filter((title: string) => title.endsWith('changed'))).toHaveLength(changed);
      expect(answer.data.advisories.total).toEqual({ value: 40 });
      expect((await subgraph.ask(some)).data.advisories.total).toEqual({ value: 8 });
    }
    expect((await young.ask(all)).data).toEqual((await old.ask(all)).data);
  };
  await expectAlike();
  expect(await run()).toMatchObject({ code: 0, out: 'cert-eu: 40 records migrated\n' });
  expect(await migrated()).toBe(40);
  await expectAlike();
  // An import of the old version in the middle of it.
  await importOld(40, 7);
  expect(await migrated()).toBe(33);
  await expectAlike(7);

  const refused = await run('--contract');
  expect(refused.code).toBe(1);
  expect(refused.err).toMatch(
    /programs of an older version used this store[\s\S]*subgraph on .*Advisory \(version 1\)/,
  );
  await expectAlike(7);
  expect(await advisories().countDocuments({ 'content.serial': { $exists: true } })).toBe(40);

  await old.part.stop();
  const contracted = await run('--contract');
  expect([contracted.code, contracted.err]).toEqual([0, expect.not.stringContaining('older')]);
  expect(contracted.out).toContain(
    'cert-eu: contracted; fields of older versions were removed from 40 records',
  );
  expect(await advisories().countDocuments({ 'content.serial': { $exists: true } })).toBe(0);
  const after = await young.ask(all);
  expect(after.data.advisories.nodes).toHaveLength(40);
  expect((await young.ask(some)).data.advisories).toMatchObject({ total: { value: 8 } });

  // A document of a later version is neither read nor counted, and the operator is notified.
  const rolledBack = await startOld();
  expect((await rolledBack.ask(all)).data.advisories).toEqual({ nodes: [], total: { value: 0 } });
  expect((await rolledBack.ask(some)).data.advisories).toEqual({ nodes: [], total: { value: 0 } });
  expect(logOf('old')).toContain(
    'skipped a document of Advisory: its schema version is 2, and this program (version 1) cannot read it',
  );
});

test('has the same result after a migration with repeated kills as without', async () => {
  await importOld(6000);
  let partly = 0;
  for (let turn = 0; turn < 4; turn += 1) {
    const child = operate();
    const ended = endOf(child);
    const before = await migrated();
    while (child.exitCode === null && (await migrated()) <= before) await pause(5);
    child.kill('SIGKILL');
    await ended;
    const count = await migrated();
    if (count > 0 && count < 6000) partly += 1;
    // Migrated documents are complete.
    expect(await advisories().countDocuments({ schemaVersion: 2, 'content.number': null })).toBe(0);
  }
  expect(partly).toBeGreaterThan(0);
  const { code, out } = await run();
  expect([code, await migrated()]).toEqual([0, 6000]);
  expect(out).toMatch(/another process migrates these records[\s\S]*records migrated/);
  const { out: preview } = await run('--preview');
  expect(preview).toContain('Advisory: 0 would be migrated to version 2');
  expect((await run()).out).toBe('cert-eu: 0 records migrated\n');
});

test('makes the second of two concurrent migrations wait, and migrates nothing twice', async () => {
  await importOld(3000);
  const both = await Promise.all([run(), run()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const counts = both.map(({ out }) => Number(/(\d+) records migrated/.exec(out)?.[1]));
  expect(counts.toSorted((one, other) => one - other)).toEqual([0, 3000]);
  expect(both.filter(({ out }) => out.includes('waiting for it'))).toHaveLength(1);
});

test('stops a migration between two batches on a signal, and releases the lease', async () => {
  await importOld(6000);
  const child = operate();
  const ended = endOf(child);
  while ((await migrated()) === 0) await pause(5);
  child.kill('SIGTERM');
  const { code, err } = await ended;
  expect([code, err]).toEqual([
    1,
    expect.stringContaining('stopped; finished work is kept: run the command again'),
  ]);
  expect(await migrated()).toBeLessThan(6000);
  const { out } = await run();
  expect(out).not.toContain('another process');
  expect(await migrated()).toBe(6000);
});
