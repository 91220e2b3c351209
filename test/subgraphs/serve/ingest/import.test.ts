import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { bulletinsFile, type Ended, Place } from './place.ts';

let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  await place.clear();
  await place.clearRejects();
});

/** The counts in the last line of an import. */
function countsOf({ out }: Ended) {
  const [, read, added, changed, unchanged, rejected, classified] =
    /: (\d+) read; (\d+) new, (\d+) changed, (\d+) unchanged records; (\d+) rejected, (\d+) classified/.exec(
      out,
    ) ?? [];
  return [read, added, changed, unchanged, rejected, classified].map(Number);
}

test('stores records, join rows and references with access keys and random typed ids', async () => {
  const file = await place.write('one.json', bulletinsFile(3));
  const ended = await place.import([file]);
  expect(ended).toMatchObject({ code: 0 });
  expect(countsOf(ended)).toEqual([3, 9, 0, 0, 0, 0]);
  const db = place.client.db();
  const bulletin = await db.collection('bulletins').findOne({ 'envelope.localId': 'B-1' });
  expect(bulletin).toMatchObject({
    _id: expect.stringMatching(/^Bulletin:[0-9a-f-]{36}$/),
    feed: 'bulletins',
    envelope: {
      version: 1,
      originator: 'exercise-originator',
      exercise: 'exercise:import',
      recordState: 'ACTIVE',
    },
    sortAt: new Date('2025-02-11T00:00:00Z'),
    openFrom: new Date(0),
    policy: expect.any(String),
  });
  expect(bulletin?.['admits']).toContainEqual(
    expect.stringMatching(/^\d+\|exercise:import\|community:cyber-defence;rs$/),
  );
  const links = await db.collection('links').find({ record: bulletin?._id }).toArray();
  expect(links.map(({ key }) => key as string).sort()).toEqual([
    'Vulnerability:CVE-2099-10001',
    'Vulnerability:CVE-2099-20001',
  ]);
  expect(links[0]).toMatchObject({
    kind: 'Bulletin',
    admits: bulletin?.['admits'],
    sortAt: bulletin?.['sortAt'],
  });
  const note = await db.collection('notes').findOne({ 'envelope.localId': 'B-1/0' });
  expect(note?.['content']).toEqual({ value: 'first note of 1', bulletin: bulletin?._id });
  expect(await db.collection('links').countDocuments({ key: String(bulletin?._id), kind: 'Note' })).toBe(2);
});

test('writes nothing in a second import of the same file', async () => {
  const file = await place.write('two.json', bulletinsFile(2500));
  expect(countsOf(await place.import([file]))).toEqual([2500, 7500, 0, 0, 0, 0]);
  const before = await writesOf();
  const state = await place.everything();
  expect(countsOf(await place.import([file]))).toEqual([2500, 0, 0, 7500, 0, 0]);
  expect(await writesOf()).toEqual(before);
  expect(await place.everything()).toBe(state);
});

/** How many writes each collection of the store has seen: an update that changes nothing counts too. */
async function writesOf(): Promise<unknown> {
  const db = place.client.db();
  return await Promise.all(
    ['bulletins', 'notes', 'links', 'aliases', 'aliasVersions', 'spillages'].map(async (name) => {
      const [stats] = await db
        .collection(name)
        .aggregate([{ $collStats: { storageStats: {} } }])
        .toArray()
        .catch(() => []);
      const cursor = stats?.['storageStats']?.wiredTiger?.cursor;
      return [
        name,
        cursor?.['insert calls'],
        cursor?.['update calls'],
        cursor?.['modify calls'],
        cursor?.['remove calls'],
      ];
    }),
  );
}

test('replaces a changed record and its join rows under the same id and sort key, in the next version', async () => {
  await place.import([await place.write('v1.json', bulletinsFile(3))]);
  const db = place.client.db();
  const before = await db.collection('bulletins').findOne({ 'envelope.localId': 'B-2' });
  await db
    .collection('bulletins')
    .updateOne({ _id: before?._id as never }, { $set: { 'envelope.recordState': 'RETRACTED' } });
  const changed = bulletinsFile(3, (bulletin, at) =>
    at === 2
      ? { ...bulletin, text: 'EXERCISE: CVE-2099-77777 only.', published: '2025-12-24', tlp: 'tlp:amber' }
      : bulletin,
  );
  expect(countsOf(await place.import([await place.write('v2.json', changed)]))).toEqual([3, 0, 1, 8, 0, 0]);
  const after = await db.collection('bulletins').findOne({ 'envelope.localId': 'B-2' });
  expect(after).toMatchObject({
    _id: before?._id,
    sortAt: before?.['sortAt'],
    envelope: { version: 2, recordState: 'RETRACTED', marking: { tlp: 'AMBER' } },
  });
  expect(after?.['admits']).not.toContainEqual(
    expect.stringMatching(/^\d+\|exercise:import\|community:cyber-defence;rs$/),
  );
  const links = await db.collection('links').find({ record: after?._id }).toArray();
  expect(links.map(({ key }) => key as string)).toEqual(['Vulnerability:CVE-2099-77777']);
  expect(links[0]?.['admits']).toEqual(after?.['admits']);
});

test('does not import an erased record again', async () => {
  await place.import([await place.write('erased.json', bulletinsFile(1))]);
  const erased = { 'envelope.recordState': 'ERASED', content: {}, contentHash: '' };
  await place.client.db().collection('bulletins').updateOne({}, { $set: erased });
  const changed = bulletinsFile(1, (bulletin) => ({ ...bulletin, title: 'EXERCISE again' }));
  await place.import([await place.write('erased.json', changed)]);
  expect(await place.client.db().collection('bulletins').findOne()).toMatchObject({
    content: {},
    envelope: { version: 1 },
  });
});

test('writes a record that maps to thousands in parts', async () => {
  const notes = Array.from({ length: 20_000 }, (_, at) => `note ${at}`);
  const file = await place.write(
    'many.json',
    bulletinsFile(1, (bulletin) => ({ ...bulletin, notes })),
  );
  const ended = await place.import([file]);
  expect(countsOf(ended)).toEqual([1, 20_001, 0, 0, 0, 0]);
  expect(countsOf(await place.import([file]))).toEqual([1, 0, 0, 20_001, 0, 0]);
});

test('rejects records of other originators than --originator', async () => {
  const others = bulletinsFile(3, (one, at) => ({ ...one, originator: at === 1 ? 'csirt-pl' : 'csirt-fr' }));
  const file = await place.write('others.json', others);
  const ended = await place.import([file], { args: ['--originator', 'csirt-fr'] });
  expect(ended.code).toBe(2);
  expect(countsOf(ended)).toEqual([3, 6, 0, 0, 1, 0]);
  const rejects = await place.rejects();
  expect(rejects).toMatchObject([{ index: 1, reason: 'FOREIGN_RECORD' }]);
  expect(JSON.stringify(rejects)).not.toContain('csirt-pl');
  // Without the flag each record is whose it says.
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(2);
  await place.clear();
  expect(countsOf(await place.import([file]))).toEqual([3, 9, 0, 0, 0, 0]);
  const found = await place.client
    .db()
    .collection('bulletins')
    .find()
    .sort({ 'envelope.localId': 1 })
    .toArray();
  expect(found.map(({ envelope }) => envelope.originator)).toEqual(['csirt-fr', 'csirt-pl', 'csirt-fr']);
});

test('has the same result after two concurrent imports of one file', async () => {
  const file = await place.write('both.json', bulletinsFile(3000));
  const both = await Promise.all([place.import([file]), place.import([file])]);
  expect(both.map(({ code, err }) => [code, err.includes('Error')])).toEqual([
    [0, false],
    [0, false],
  ]);
  const db = place.client.db();
  expect(await db.collection('bulletins').countDocuments()).toBe(3000);
  expect(await db.collection('notes').countDocuments({ 'envelope.version': 1 })).toBe(6000);
  expect(await db.collection('links').countDocuments()).toBe(12_000);
});

test('reports a store that is down and says what to do', async () => {
  const file = await place.write('down.json', bulletinsFile(1));
  const child = place.import([file], { uri: 'mongodb://127.0.0.1:1/nothing' });
  const ended = await child;
  expect(ended.code).toBe(1);
  expect(ended.err).toContain("The community's store does not answer");
});

test('gives records with access keys of an older policy new ones in the next import of the same file', async () => {
  const file = await place.write('b.json', bulletinsFile(3));
  expect((await place.import([file])).code).toBe(0);
  const before = await place.client.db().collection('bulletins').find().sort({ _id: 1 }).toArray();
  await place.client
    .db()
    .collection('bulletins')
    .updateMany({}, { $set: { policy: 'joint-baseline-1', admits: ['1|exercise:import|anyone;r'] } });
  expect((await place.import([file])).out).toContain('0 new, 3 changed, 6 unchanged records');
  const after = await place.client.db().collection('bulletins').find().sort({ _id: 1 }).toArray();
  expect(after.map(({ admits, policy }) => ({ admits, policy }))).toEqual(
    before.map(({ admits, policy }) => ({ admits, policy })),
  );
  expect((await place.import([file])).out).toContain('0 new, 0 changed, 9 unchanged records');
});

test('runs a list of imports in order, each with its own options before the common ones', async () => {
  const three = await place.write('three.json', bulletinsFile(3));
  const one = await place.write('one.json', bulletinsFile(1));
  const list = await place.write('list.json', JSON.stringify([[three], [one, '--provider', 'told-for-one']]));
  const ended = await place.import([], { args: ['--each', list, '--provider', 'told-for-all'] });
  expect(ended).toMatchObject({ code: 0 });
  const found = await place.client.db().collection('bulletins').find().sort({ _id: 1 }).toArray();
  const providers = Object.fromEntries(found.map(({ envelope }) => [envelope.localId, envelope.provider]));
  expect(providers).toEqual({ 'B-0': 'told-for-one', 'B-1': 'told-for-all', 'B-2': 'told-for-all' });
  expect(ended.out.match(/\d+ read; \d+ new, \d+ changed/g)).toEqual([
    '3 read; 9 new, 0 changed',
    expect.stringMatching(/^1 read; 0 new, [1-9]\d* changed$/),
  ]);
});

test.each([
  ['a flag that there is not', [['FILE'], ['FILE', '--tlp', 'PURPLE']], /import 2: .*PURPLE/],
  ['no path', [['FILE'], ['--tlp', 'GREEN']], /import 2: expected paths/],
  ['another list', [['FILE', '--each', 'FILE']], /import 1: expected paths and no --each/],
  ['no lists', { each: 'FILE' }, /expected a JSON list of lists of arguments/],
  ['nothing', [], /expected a JSON list of lists of arguments/],
])('imports nothing of a list with %s', async (_what, said, told) => {
  const file = await place.write('there.json', bulletinsFile(1));
  const list = await place.write('list.json', JSON.stringify(said).replaceAll('FILE', file));
  const ended = await place.import([], { args: ['--each', list] });
  expect(ended).toMatchObject({ code: 1, err: expect.stringMatching(told) });
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
});

test('stops a list after the first import that fails', async () => {
  const file = await place.write('there.json', bulletinsFile(1));
  const list = await place.write('list.json', JSON.stringify([['missing.json'], [file]]));
  const ended = await place.import([], { args: ['--each', list] });
  expect(ended).toMatchObject({
    code: 1,
    err: expect.stringMatching(/missing\.json: no such file/),
  });
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
});
