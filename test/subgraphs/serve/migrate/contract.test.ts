import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import { contract, migrate, NotContracted } from '../../../../subgraphs/serve/migrate/migrate.ts';
import { announce } from '../../../../subgraphs/serve/store/processes.ts';
import { followKeyState } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { ProgramTooOld, readKeyState } from '../../../../subgraphs/serve/store/key-state.ts';
import { viewAs } from '../../../../subgraphs/serve/operate/view.ts';
import type { Content } from '../../../../subgraphs/serve/record/content.ts';
import { policy } from '../../../helpers/policy.ts';
import { audienceOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { versionsOf } from '../../../helpers/versions.ts';
import { first, second, third } from './cert-eu-2.ts';
import { listOf, loadersOf, openVersions, prepared, type Program, storedIn, targetOf } from './stores.ts';

let versions: Awaited<ReturnType<typeof openVersions>>;
beforeAll(async () => {
  versions = await openVersions([first, second, third]);
});
afterAll(async () => await versions.stop());
beforeEach(async () => await versions.clear());

const quick = { rest: 0, graceMs: 0, recentlyMs: 60_000 } as const;
const now = new Date('2026-11-24T12:00:00Z');
const count = 12;

/** Advisories as each program's own import would write them. */
async function importBy(program: Program, from = 0, size = count): Promise<void> {
  const at = [versions.v1, versions.v2, versions.v3].indexOf(program);
  const batch = Array.from({ length: size }, (_, index) => {
    const number = `2099-${(from + index) % 3}`;
    const title = { value: `EXERCISE ${from + index}`, lang: 'en' };
    const exploited = (from + index) % 2 === 0 ? 'YES' : 'NO';
    const content: Content = {
      ...(at === 0 ? { serial: number, title } : { number, heading: title }),
      ...(at === 2 ? { wild: `IT_IS_${exploited}` } : { exploitedInTheWild: exploited }),
    };
    return prepared(from + index, content, {}, 'Advisory');
  });
  await targetOf(program.store).write(batch);
}

const serials = (contents: readonly Content[]) => contents.map(({ serial, number }) => serial ?? number);

/** The answer of every program to a filter by the serial: the number of listed records and the total. */
async function foundBy(program: Program, serial = '2099-1', known = null as null | Record<string, number>) {
  const { contents, total } = await listOf(program, 'Advisory', { serial }, known);
  expect(serials(contents)).toEqual(contents.map(() => serial));
  return [contents.length, total];
}

test('lists, counts and filters the same records in programs of each version during a migration', async () => {
  const { v1, v2, v3 } = versions;
  for (const [at, program] of [v1, v2, v3].entries()) await importBy(program, at * count);
  const whole = [3 * count, 3 * count];
  const found = [count, count];
  const states = [
    async () => undefined,
    async () => await migrate(v2.store, quick),
    async () => await importBy(v1, 0, 5),
    async () => await migrate(v3.store, quick),
  ];
  for (const reach of states) {
    await reach();
    for (const program of [v1, v2, v3]) {
      const { contents, total } = await listOf(program, 'Advisory');
      expect([contents.length, total]).toEqual(whole);
      expect(await foundBy(program)).toEqual(found);
    }
  }
  expect((await listOf(v1, 'Advisory')).contents.map(({ title }) => title)).toEqual(
    (await listOf(v3, 'Advisory')).contents.map(({ heading }) => heading),
  );
  await expect(listOf(v3, 'Advisory', { exploitedInTheWild: 'IT_IS_YES' })).rejects.toThrow(
    'is unavailable until `hub migrate --contract` has run',
  );
  expect([v1, v2, v3].flatMap(({ alarms }) => alarms)).toEqual([]);
});

/** The fields of each advisory that a program hides from a reader. */
async function hiddenBy(program: Program): Promise<readonly (readonly string[])[]> {
  const { nodes } = await (await loadersOf(program)).list('Advisory', {});
  return nodes.map(({ decision }) => [...decision.hidden].toSorted());
}

test('hides a marked field in the other version’s fields as well', async () => {
  const { v1, v2 } = versions;
  const named = { marking: markingOf({ tlp: 'AMBER' }), audience: audienceOf({ reach: 'NAMED' }) };
  const old = { portions: [{ path: 'title', ...named }] };
  const young = { portions: [{ path: 'heading', ...named }] };
  await targetOf(v1.store).write([prepared(1, { title: 'T' }, old, 'Advisory')]);
  await targetOf(v2.store).write([prepared(2, { heading: 'T' }, young, 'Advisory')]);
  for (const migrated of [false, true]) {
    if (migrated) await migrate(v2.store, quick);
    expect(await hiddenBy(v2)).toEqual([
      ['heading', 'title'],
      ['heading', 'title'],
    ]);
    expect((await hiddenBy(v1)).map((names) => names.includes('title'))).toEqual([true, true]);
  }
});

test('hides the records of a contracted store from older programs only', async () => {
  const { v1, v2, v3 } = versions;
  for (const [at, program] of [v1, v2, v3].entries()) await importBy(program, at * count);
  expect(await contract(v3.store, quick)).toBe(3 * count);
  const stored = await storedIn(v3, 'Advisory');
  const old = ['serial', 'title', 'exploitedInTheWild'];
  expect(stored.flatMap(({ content }) => Object.keys(content).filter((name) => old.includes(name)))).toEqual(
    [],
  );
  expect(await foundBy(v3)).toEqual([count, count]);
  const wild = await listOf(v3, 'Advisory', { exploitedInTheWild: 'IT_IS_YES' });
  expect(wild.contents).toHaveLength((3 * count) / 2);
  for (const program of [v1, v2]) {
    expect(await listOf(program, 'Advisory')).toEqual({ contents: [], total: 0 });
    expect(await foundBy(program)).toEqual([0, 0]);
    const loaders = await loadersOf(program);
    expect(await loaders.one('Advisory', stored[0]?._id ?? '')).toBeNull();
    const linked = await loaders.linked('Advisory', 'Vulnerability:CVE-2099-1', {});
    expect([linked.nodes, await linked.total({})]).toEqual([[], { value: 0, exact: true }]);
    const [seen] = await viewAs(program.store, program.kinds, policy, readerOf(), now);
    expect(seen?.newest).toEqual([]);
    expect(program.alarms.length).toBeGreaterThan(0);
  }
  expect(v3.alarms).toEqual([]);
  expect(await contract(v3.store, quick)).toBe(0);
});

test('keeps the fields of each version until the store is contracted beyond it', async () => {
  const { v1, v2, v3 } = versions;
  await importBy(v1, 0, 0);
  await importBy(v3);
  expect(await contract(v2.store, quick)).toBe(0);
  await migrate(v3.store, quick);
  // Of version 3, for programs from version 1 on: the program of version 2 leaves it alone.
  expect(await foundBy(v2)).toEqual([4, 4]);
  await importBy(v3, count);
  const newest = (await storedIn(v3, 'Advisory')).at(-1);
  expect([newest?.schemaVersion, newest?.readableFrom]).toEqual([3, 2]);
  expect(newest?.content).toMatchObject({ exploitedInTheWild: 'NO' });
  expect(newest?.content).not.toHaveProperty('serial');
  expect(await foundBy(v2)).toEqual([8, 8]);
  expect((await listOf(v1, 'Advisory')).contents).toHaveLength(count);
  expect(await contract(v3.store, quick)).toBe(2 * count);
  expect(await foundBy(v3)).toEqual([8, 8]);
});

test('refuses to contract if an older import or subgraph was seen recently', async () => {
  const { v1, v2, v3 } = versions;
  await importBy(v1);
  const older = [announce(v1.store, 'subgraph'), announce(v2.store, 'import')];
  const same = announce(v3.store, 'subgraph');
  await Promise.all([...older, same].map(async ({ registered }) => await registered));
  const refused = contract(v3.store, quick);
  await expect(refused).rejects.toThrow(NotContracted);
  await expect(refused).rejects.toThrow(
    /programs of an older version used this store in the last 60 s. [\s\S]*import on .*Advisory \(version 2\)\n.*subgraph on .*Advisory \(version 1\)/,
  );
  expect((await readKeyState(v3.store))?.oldest).toBeUndefined();
  expect(await foundBy(v1)).toEqual([4, 4]);
  await Promise.all(older.map(async ({ stop }) => await stop()));
  expect(await contract(v3.store, quick)).toBe(count);
  await same.stop();
});

test('counts a killed program as running for a while, by the clock of the store', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  const processes = v1.store.connection.collection('processes');
  await processes.insertOne({
    what: 'subgraph',
    at: 'a machine that was switched off',
    versions: { Advisory: 1 },
    seenAt: new Date(Date.now() - 30_000),
  });
  await expect(contract(v3.store, quick)).rejects.toThrow('a machine that was switched off');
  expect(await contract(v3.store, { ...quick, recentlyMs: 20_000 })).toBe(count);
});

test('stops a contraction before it removes fields when an older program starts', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  let announced: ReturnType<typeof announce> | null = null;
  const progress = () => {
    announced ??= announce(v1.store, 'subgraph');
  };
  await expect(contract(v3.store, { ...quick, graceMs: 500, progress })).rejects.toThrow(NotContracted);
  expect((await storedIn(v1, 'Advisory')).every(({ content }) => 'serial' in content)).toBe(true);
  expect(await foundBy(v1)).toEqual([4, 4]);
  await (announced as ReturnType<typeof announce> | null)?.stop();
  expect(await contract(v3.store, quick)).toBe(count);
});

test('refuses writes of an older program after the minimum version is raised', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  const target = targetOf(v1.store);
  await contract(v3.store, quick);
  const before = await storedIn(v3, 'Advisory');
  const late = [prepared(0, { serial: 'late' }, {}, 'Advisory')];
  await expect(target.write(late)).rejects.toThrow(ProgramTooOld);
  await expect(target.write(late)).rejects.toThrow(
    'expected a program that knows version 3 of Advisory, which this store requires, got one that knows version 1',
  );
  expect(await storedIn(v3, 'Advisory')).toEqual(before);
});

test('does not commit a batch that an older program began before the minimum version was raised', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  const keyAssigner = followKeyState(v1.store, versionsOf(policy), policy.source.version);
  await keyAssigner.current();
  await contract(v3.store, quick);
  const session = await v1.store.connection.startSession();
  const held = session.withTransaction(async () => await keyAssigner.hold(session));
  await expect(held).rejects.toThrow('the key state changed');
  await session.endSession();
  await expect(keyAssigner.current()).rejects.toThrow(ProgramTooOld);
});

test('writes and keeps old fields until subgraphs have read the new minimum version', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  const contracting = contract(v3.store, { ...quick, graceMs: 4000 });
  while (((await readKeyState(v3.store))?.oldest?.['Advisory'] ?? 1) < 3)
    await new Promise((resolve) => setTimeout(resolve, 10));
  await importBy(v3, count, 3);
  await new Promise((resolve) => setTimeout(resolve, 1500));
  // One that has not looked yet, and one that has.
  expect(await foundBy(v3, '2099-1', {})).toEqual([5, 5]);
  expect(await foundBy(v3)).toEqual([5, 5]);
  await contracting;
  await importBy(v3, count + 3, 3);
  expect(await foundBy(v3)).toEqual([6, 6]);
  expect((await storedIn(v3, 'Advisory')).some(({ content }) => 'serial' in content)).toBe(false);
});

test('refuses to contract while a record cannot be migrated, and names it', async () => {
  const { v1, v3 } = versions;
  await importBy(v1);
  const [row] = await storedIn(v1, 'Advisory');
  const advisories = v1.store.records.get('Advisory')?.collection;
  await advisories?.updateOne({ _id: row?._id } as never, { $set: { schemaVersion: 0.5 } });
  await expect(contract(v3.store, quick)).rejects.toThrow(String(row?._id));
  expect((await readKeyState(v3.store))?.oldest).toBeUndefined();
});

test('sets the minimum versions of a new store to those of its first program', async () => {
  const { v1, v3 } = versions;
  await importBy(v3);
  expect(await readKeyState(v3.store)).toMatchObject({ oldest: { Advisory: 3 }, shed: { Advisory: 3 } });
  const wild = await listOf(v3, 'Advisory', { exploitedInTheWild: 'IT_IS_NO' });
  expect(wild).toMatchObject({ total: count / 2 });
  await expect(importBy(v1, count)).rejects.toThrow(ProgramTooOld);
  // A store that contains a record is not new, even if its versions were never recorded.
  await versions.v3.store.connection.collection('labelling').deleteMany({});
  await importBy(v3, count, 1);
  expect((await readKeyState(v3.store))?.oldest).toBeUndefined();
});

const operator = readerOf({
  subject: 'u-operator',
  organisation: 'cert-eu',
  roles: ['community-operator'],
  memberState: null,
});

function changesBy({ store, kinds }: Program): Changes {
  return new Changes({
    community: 'cert-eu',
    kinds,
    store,
    policy,
    keyAssigner: followKeyState(store, versionsOf(policy), policy.source.version),
    readerAccess: policy.accessOf(operator, now),
    alarm: () => undefined,
  });
}

test('keeps the fields of newer versions in a change by hand of an older program', async () => {
  const { v1, v2 } = versions;
  await importBy(v1, 0, 1);
  const [row] = await storedIn(v1, 'Advisory');
  const id = row?._id ?? '';
  const reading = { marking: { tlp: 'GREEN' }, purposes: ['incident-response'] } as const;
  // By a program of version 2 on a record of version 1.
  const portions = [{ path: 'title', marking: { tlp: 'AMBER' } }] as const;
  const marked = await changesBy(v2).mark({
    key: 'one',
    id,
    expectedVersion: 1,
    reading: { ...reading, portions },
  });
  expect(marked).toEqual({ id, version: 2, alsoMarked: [], userErrors: [] });
  const [second2] = await storedIn(v1, 'Advisory');
  expect([second2?.schemaVersion, second2?.readableFrom]).toEqual([2, 1]);
  expect(second2?.content).toMatchObject({ number: '2099-0', serial: '2099-0' });
  expect(second2?.envelope.portions.map(({ path }) => path)).toEqual(['title', 'heading']);
  // By one of version 1 on what is of version 2 now: the content is left as it was, and so is its version.
  const retracted = await changesBy(v1).retract({ key: 'two', id, expectedVersion: 2, reason: 'EXERCISE' });
  expect(retracted).toEqual({ id, version: 3, alsoMarked: [], userErrors: [] });
  const [third3] = await storedIn(v1, 'Advisory');
  expect(third3).toMatchObject({ schemaVersion: 2, readableFrom: 1, content: second2?.content });
});

test('refuses a change by hand of a record that the program cannot read', async () => {
  const { v1, v3 } = versions;
  await importBy(v1, 0, 0);
  await importBy(v3, 0, 1);
  const [row] = await storedIn(v3, 'Advisory');
  const advisories = v3.store.records.get('Advisory')?.collection;
  await advisories?.updateOne({ _id: row?._id } as never, { $set: { readableFrom: 3 } });
  const before = await storedIn(v3, 'Advisory');
  const outcome = await changesBy(v1).retract({
    key: 'three',
    id: row?._id ?? '',
    expectedVersion: 1,
    reason: 'EXERCISE',
  });
  expect(outcome.userErrors).toEqual([expect.objectContaining({ code: 'NOT_FOUND' })]);
  expect(await storedIn(v3, 'Advisory')).toEqual(before);
});
