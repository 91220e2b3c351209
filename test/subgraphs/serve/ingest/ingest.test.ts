import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Document } from 'mongodb';
import { ingest } from '../../../../subgraphs/serve/ingest/ingest.ts';
import { Interrupted } from '../../../../subgraphs/serve/ingest/report.ts';
import { type Prepared, prepare } from '../../../../subgraphs/serve/ingest/prepare.ts';
import { noProgress } from '../../../../schema/runtime/progress.ts';
import type { Reject, RejectFile } from '../../../../subgraphs/serve/ingest/rejects.ts';
import type { Mapped } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { newestAlarms } from '../../../../subgraphs/serve/store/alarms.ts';
import { PreviewTarget } from '../../../../subgraphs/serve/ingest/preview-target.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { bulletins, community } from './bulletins.ts';
import { bulletinsFile, Place } from './place.ts';
import { policy } from '../../../helpers/policy.ts';

let place: Place;
let store: CommunityStore;

beforeAll(async () => {
  place = await Place.open();
  store = openStore(place.stores.uris['cert-eu'], community.kinds, () => undefined);
  await store.connection.asPromise();
  await newTarget().prepare();
});
afterAll(async () => {
  await store.connection.close();
  await place[Symbol.asyncDispose]();
});
beforeEach(async () => await place.clear());

const { defaults } = bulletins;
const newTarget = () => new Target(store, bulletins.name, defaults.exercise, assignKeysBy(policy));

/** A reject file in memory on a disk that has room for so many lines. */
function rejectsWithRoom(lines: number): RejectFile & { readonly kept: Reject[] } {
  const kept: Reject[] = [];
  return {
    path: 'memory',
    kept,
    write: async (reject) => {
      if (kept.length >= lines) {
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      }
      kept.push(reject);
      return await Promise.resolve();
    },
    [Symbol.asyncDispose]: async () => await Promise.resolve(),
  };
}

async function take(file: string, rejects: RejectFile, target = newTarget()) {
  const [progress, alarm] = [noProgress, () => undefined];
  const options = { source: bulletins, files: [file], defaults, receivedAt: new Date(), progress, alarm };
  return await ingest({ ...options, target, rejects });
}

test('ends an import when the disk is full, and completes it in the next one', async () => {
  const text = bulletinsFile(1200, (bulletin, at) => {
    if (at % 280 === 279) return { ...bulletin, published: '2025-02-30' };
    return at === 1000 ? { ...bulletin, id: 'B-1', title: 'EXERCISE other' } : bulletin;
  });
  const file = await place.write('full.json', text);
  const undisturbed = rejectsWithRoom(100);
  await take(file, undisturbed);
  const whole = await place.state();
  await place.clear();

  for (const room of [0, 2, 4]) {
    const failed = await take(file, rejectsWithRoom(room)).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(Interrupted);
    expect(failed).toMatchObject({ cause: { code: 'ENOSPC' }, report: { rejected: room + 1 } });
  }
  const rejects = rejectsWithRoom(100);
  expect(await take(file, rejects)).toMatchObject({ read: 1200, rejected: 7, changed: 0 });
  expect(rejects.kept).toEqual(undisturbed.kept);
  expect(await place.state()).toEqual(whole);
});

test('throws a failure of the store together with the counts', async () => {
  const file = await place.write('closed.json', bulletinsFile(10));
  const lost = openStore(place.stores.uris['cert-eu'], community.kinds, () => undefined);
  await lost.connection.asPromise();
  const target = new Target(lost, bulletins.name, defaults.exercise, assignKeysBy(policy));
  target.loadActors = async () => {
    const resolve = await newTarget().loadActors();
    await lost.connection.close();
    return resolve;
  };
  const failed = await take(file, rejectsWithRoom(9), target).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'Interrupted', report: { read: 10, added: 0 } });
});

const note = (id: string, more: Partial<Mapped> = {}, at = new Date('2025-03-01T00:00:00Z')): Prepared =>
  prepare(
    {
      kind: 'Note',
      localId: id,
      content: { value: id },
      sortAt: null,
      names: [`Vulnerability:${id}`],
      ...more,
    },
    defaults,
    1,
    at,
  );
const collection = (name: string) => place.client.db().collection<{ _id: string } & Document>(name);

test('refuses a record whose parent does not exist, and imports it once the parent exists', async () => {
  const orphan = note('n', { belongsTo: { bulletin: { kind: 'Bulletin', localId: 'b' } } });
  expect(await newTarget().write([orphan, note('m')])).toMatchObject({
    added: 1,
    refused: [{ at: 0, reason: 'WRONG_SHAPE', message: 'it belongs to a record that does not exist' }],
  });
  await newTarget().write([note('b', { kind: 'Bulletin', content: { title: 'b' } })]);
  expect(await newTarget().write([orphan, note('m')])).toMatchObject({ added: 1, unchanged: 1, refused: [] });
  const parent = await collection('bulletins').findOne();
  expect(await collection('notes').findOne({ 'envelope.localId': 'n' })).toMatchObject({
    content: { bulletin: parent?._id },
  });
});

test('refuses a record with the id of another originator’s record, raises an alarm, and imports the others', async () => {
  await newTarget().write([note('n')]);
  const [before] = await collection('notes').find().toArray();
  const foreign = note('n', { content: { value: 'taken over' }, says: { originator: 'csirt-pl' } });
  for (const added of [1, 0]) {
    const written = await newTarget().write([foreign, note('m')]);
    expect(written).toMatchObject({ added, changed: 0, refused: [{ at: 0, reason: 'FOREIGN_RECORD' }] });
    expect(JSON.stringify(written)).not.toMatch(/taken over|csirt-pl|exercise-originator/);
  }
  expect(await collection('notes').findOne({ 'envelope.localId': 'n' })).toEqual(before);
  const told = await newestAlarms(store, 10);
  expect(told).toEqual([expect.objectContaining({ record: before?._id, isClaimed: true, lost: [] })]);
  expect(JSON.stringify(told)).not.toContain('taken over');

  const target = newTarget();
  const preview = new PreviewTarget(policy, {
    loadActors: async () => await target.loadActors(),
    dryRun: async (batch) => await target.dryRun(batch),
    isOlder: async () => await Promise.resolve(false),
  });
  expect(await preview.write([foreign, note('m')])).toMatchObject({
    unchanged: 1,
    refused: [{ at: 0, reason: 'FOREIGN_RECORD' }],
  });
  expect(preview.opened().flatMap(({ examples }) => examples)).not.toContain('n');
});

test('writes a record again for a new mapping or default marking, but not for a new time of receipt', async () => {
  await newTarget().write([note('n')]);
  const later = note('n', {}, new Date('2025-04-01T00:00:00Z'));
  expect(await newTarget().write([later])).toMatchObject({ unchanged: 1, changed: 0 });
  const mapping = prepare(later.mapped, defaults, 2, later.envelope.receivedAt);
  expect(await newTarget().write([mapping])).toMatchObject({ changed: 1 });
  const amber = { ...defaults, marking: { ...defaults.marking, tlp: 'AMBER' as const } };
  expect(await newTarget().write([prepare(later.mapped, amber, 2, new Date())])).toMatchObject({
    changed: 1,
  });
  expect(await collection('notes').findOne()).toMatchObject({
    envelope: { version: 3 },
    sortAt: new Date('2025-03-01T00:00:00Z'),
  });
});

test('accepts the stored version of a record after an older one in the same run', async () => {
  const [older, newer] = [1, 2].map((version) =>
    note('n', {
      content: { value: `${version}` },
      revision: [version],
      document: { id: 'd', parts: new Set(['Note n']) },
    }),
  ) as [Prepared, Prepared];
  await newTarget().write([newer]);
  const target = newTarget();
  expect(await target.write([older])).toMatchObject({ older: 1 });
  expect(await target.write([newer])).toMatchObject({ unchanged: 1, refused: [] });
});

const stateOf = async (localId: string) =>
  (await collection('notes').findOne({ 'envelope.localId': localId }))?.['envelope'].recordState;

test('withdraws what the second of two editions in one run lacks, and opens it if the third has it', async () => {
  const target = newTarget();
  const close = async (edition: number, ...ids: readonly string[]) => {
    const revision = [edition];
    await target.write(ids.map((id) => note(id, { list: 'l', revision })));
    return await target.closeEdition({ document: 'l', revision }, defaults, false);
  };
  expect(await close(1, 'a', 'b')).toBe(0);
  expect(await close(2, 'a')).toBe(1);
  expect([await stateOf('a'), await stateOf('b')]).toEqual(['ACTIVE', 'RETRACTED']);
  expect(await close(3, 'a', 'b')).toBe(0);
  expect(await stateOf('b')).toBe('ACTIVE');
});

test('withdraws entries of every originator of a list, but only its own in a run with --originator', async () => {
  const { originator } = defaults;
  const close = async (edition: number, given: object, ...ids: readonly string[]) => {
    const [target, revision, says] = [newTarget(), [edition], { originator: 'csirt-pl' }];
    await target.write(ids.map((id) => note(id, { list: 'l', revision, ...(id === 'own' ? {} : { says }) })));
    return await target.closeEdition({ document: 'l', revision }, { originator, ...given }, false);
  };
  await close(1, {}, 'a', 'b', 'own');
  expect(await close(2, {}, 'a', 'own')).toBe(1);
  expect(await close(3, { pinnedOriginator: originator })).toBe(1);
  expect([await stateOf('a'), await stateOf('b'), await stateOf('own')]).toEqual([
    'ACTIVE',
    'RETRACTED',
    'RETRACTED',
  ]);
});

test('applies both of two concurrent imports that change the same records', async () => {
  const ids = Array.from({ length: 60 }, (_, at) => `n${at}`);
  await newTarget().write(ids.map((id) => note(id)));
  for (let round = 0; round < 5; round += 1) {
    const change = (who: string) =>
      ids.map((id) =>
        note(id, { content: { value: `${who}${round}` }, names: [`Vulnerability:${who}${round}`] }),
      );
    const written = await Promise.all([
      newTarget().write(change('a')),
      newTarget().write(change('b').toReversed()),
    ]);
    expect(written).toMatchObject([{ changed: 60 }, { changed: 60 }]);
  }
  const records = (await collection('notes').find().toArray()) as unknown as {
    readonly _id: string;
    readonly content: { readonly value: string };
    readonly envelope: { readonly version: number };
  }[];
  expect(records.map(({ envelope }) => envelope.version)).toEqual(ids.map(() => 11));
  const links = await collection('links').find().toArray();
  expect(links.map(({ _id }) => _id).sort()).toEqual(
    records.map(({ _id, content }) => `${_id}>Vulnerability:${content.value}`).sort(),
  );
});

test('stores each record once when two concurrent imports add it', async () => {
  for (let round = 0; round < 5; round += 1) {
    const batch = Array.from({ length: 200 }, (_, at) => note(`r${round}-${at}`));
    const written = await Promise.all([
      newTarget().write(batch),
      newTarget().write(batch.toReversed()),
      newTarget().write(batch),
    ]);
    expect(written.map(({ added, unchanged }) => added + unchanged)).toEqual([200, 200, 200]);
    expect(written.reduce((sum, { added }) => sum + added, 0)).toBe(200);
  }
  expect(await collection('notes').countDocuments()).toBe(1000);
  expect(await collection('links').countDocuments()).toBe(1000);
});

test.each<readonly [string, unknown]>([
  ['long texts', Array.from({ length: 17 }, () => 'x'.repeat(950_000))],
  ['many short texts', Array.from({ length: 999_000 }, () => 'abcd')],
  ['many numbers', Array.from({ length: 999_000 }, () => 0.5)],
])('refuses a record that exceeds the document size before it writes: %s', (_what, list) => {
  expect(() => note('n', { content: { list } })).toThrow(expect.objectContaining({ reason: 'TOO_LARGE' }));
});

test('stores the largest accepted record with a thousand names', async () => {
  const list = Array.from({ length: 15 }, () => 'x'.repeat(1_000_000));
  const names = Array.from({ length: 1000 }, (_, at) => `Vulnerability:CVE-2099-${10_000 + at}`);
  expect(await newTarget().write([note('n', { content: { list }, names })])).toMatchObject({ added: 1 });
  expect(await collection('links').countDocuments()).toBe(1000);
});
