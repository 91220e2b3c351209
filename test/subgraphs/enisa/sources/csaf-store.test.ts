import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { community } from '../../../../subgraphs/enisa/community.ts';
import { csaf } from '../../../../subgraphs/enisa/sources/csaf.ts';
import { noAudience } from '../../../../subgraphs/serve/record/marking.ts';
import { type Imported, InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { documentOf } from './csaf-document.ts';
import { describeReal, realPath } from '../../../helpers/map-all.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const stored = async () => await place.store.records.get('VulnerabilityRecord')?.findOne().lean();

/** Returns true if a reader may see the stored record. */
async function mayRead(reader = readerOf()): Promise<boolean> {
  const access = policy.accessOf(reader, new Date());
  return policy.decideRow((await stored())?.envelope, 'VulnerabilityRecord', access) !== null;
}

describeReal('on the public records', () => {
  test('imports the 28 vulnerabilities and the notice of the eight documents, and writes nothing the second time', async () => {
    const reports: Imported[] = [];
    for (const _time of ['first', 'second'])
      for (const file of readdirSync(realPath('enisa/csaf')))
        reports.push(await place.import(csaf, realPath(`enisa/csaf/${file}`)));
    const sum = (of: 'added' | 'changed' | 'unchanged' | 'rejected' | 'classified') =>
      reports.reduce((count, report) => count + report[of], 0);
    expect([sum('added'), sum('unchanged'), sum('changed'), sum('rejected'), sum('classified')]).toEqual([
      29, 29, 0, 0, 0,
    ]);
  });
});

describeReal('readers of the public records', () => {
  test.each([
    ['see the 9 with a labelled document', {}, 9],
    ['see all 29 if the import sets CLEAR', { isTlpGiven: true }, 29],
  ] as const)('%s', async (_what, given, count) => {
    for (const file of readdirSync(realPath('enisa/csaf')))
      await place.import(csaf, realPath(`enisa/csaf/${file}`), given);
    const access = policy.accessOf(readerOf(), new Date());
    const all = (await place.store.records.get('VulnerabilityRecord')?.find().lean()) ?? [];
    const seen = all.filter(
      ({ envelope }) => policy.decideRow(envelope, 'VulnerabilityRecord', access) !== null,
    );
    expect([all.length, seen.length]).toEqual([29, count]);
  });
});

test('limits a document without a label to originator and custodian, and to the audience of the import', async () => {
  const unlabelled = documentOf({ document: { distribution: undefined } });
  const [vendor, enisa] = [
    readerOf({ organisation: 'exercise-vendor' }),
    readerOf({ organisation: 'enisa', roles: ['community-operator'] }),
  ];
  const given = { originator: 'exercise-vendor' };
  await place.import(csaf, unlabelled, given);
  expect([await mayRead(), await mayRead(vendor), await mayRead(enisa)]).toEqual([false, true, true]);
  await place.import(csaf, unlabelled, {
    ...given,
    audience: { ...noAudience, organisations: ['csirt-fr'] },
  });
  expect([await mayRead(), await mayRead(readerOf({ organisation: 'csirt-fi' }))]).toEqual([true, false]);
});

test('limits a draft to publisher and custodian until it is final', async () => {
  const reader = readerOf({ organisation: 'exercise-vendor' });
  const given = { originator: 'exercise-vendor' };
  await place.import(csaf, documentOf({ tracking: { status: 'draft' } }), given);
  expect([await mayRead(), await mayRead(reader)]).toEqual([false, true]);
  expect(await place.import(csaf, documentOf(), given)).toMatchObject({ changed: 1 });
  expect(await mayRead()).toBe(true);
  expect(await stored()).toMatchObject({ envelope: { recordState: 'ACTIVE', version: 2 } });
});

test('keeps a retracted record retracted when the document changes', async () => {
  await place.import(csaf, documentOf({ tracking: { status: 'draft' } }));
  await place.store.records
    .get('VulnerabilityRecord')
    ?.collection.updateOne({}, { $set: { 'envelope.recordState': 'RETRACTED' } });
  expect(await place.import(csaf, documentOf())).toMatchObject({ changed: 1 });
  expect(await stored()).toMatchObject({ envelope: { recordState: 'RETRACTED' } });
});

test('limits an AMBER document to the audience of the import; a restriction in words closes it to them too', async () => {
  const audience = { ...noAudience, organisations: ['csirt-fr'] };
  const amber = { tlp: { label: 'AMBER' } };
  await place.import(csaf, documentOf({ document: { distribution: amber } }), { audience });
  expect([await mayRead(), await mayRead(readerOf({ organisation: 'csirt-fi' }))]).toEqual([true, false]);
  await place.import(csaf, documentOf({ document: { distribution: { ...amber, text: 'For Fjordsoft' } } }), {
    audience,
  });
  expect(await mayRead()).toBe(false);
});

test('rejects a classified document and keeps nothing of it', async () => {
  const distribution = { text: 'VS-NfD', tlp: { label: 'WHITE' } };
  const imported = await place.import(csaf, documentOf({ document: { distribution } }));
  expect(imported).toMatchObject({ read: 1, added: 0, rejected: 0, classified: 1 });
  expect(JSON.stringify([await place.everything(), imported])).not.toMatch(/CVE-2099|Fjordsoft|VS-NfD/);
});

test('rejects the whole document for one invalid vulnerability', async () => {
  const vulnerabilities = [{ cve: 'CVE-2099-10001' }, { cve: 'none' }];
  const imported = await place.import(csaf, documentOf({ vulnerabilities }));
  expect(imported).toMatchObject({ added: 0, rejected: 1, rejects: [{ index: 0, reason: 'WRONG_SHAPE' }] });
});

test('accepts a tracking id of two publishers, and rejects a document that has a vulnerability twice', async () => {
  const publisher = {
    category: 'vendor',
    name: 'EXERCISE other',
    namespace: 'https://other.exercise.invalid',
  };
  await place.import(csaf, documentOf());
  expect(await place.import(csaf, documentOf({ document: { publisher } }))).toMatchObject({ added: 1 });
  const twice = [{ cve: 'CVE-2099-10003' }, { cve: 'CVE-2099-10003', title: 'EXERCISE again' }];
  expect(await place.import(csaf, documentOf({ vulnerabilities: twice }))).toMatchObject({
    added: 0,
    rejects: [{ reason: 'WRONG_SHAPE' }],
  });
});

const cves = ['CVE-2099-10001', 'CVE-2099-10002'];
const versionOf = (version: number, current: string, count: number) =>
  documentOf({
    tracking: { version: String(version), current_release_date: current },
    vulnerabilities: cves.slice(0, count).map((cve) => ({ cve })),
  });
const older = versionOf(1, '2026-09-02T10:00:00Z', 2);
const newer = versionOf(2, '2026-09-03T10:00:00Z', 1);
const sameDate = versionOf(2, '2026-09-02T10:00:00Z', 1);

test.each([
  ['the older one first', [older, newer]],
  ['the newer one first', [newer, older]],
  ['the older one first, with the same date', [older, sameDate]],
])('stores only the newer of two versions of a document in one run: %s', async (_order, files) => {
  expect(await place.importAll(csaf, files)).toMatchObject({ added: 1, older: 2, rejected: 0 });
  expect(await stored()).toMatchObject({ content: { cveId: 'CVE-2099-10001' } });
  expect(await place.store.records.get('VulnerabilityRecord')?.countDocuments()).toBe(1);
  expect(await place.import(csaf, older)).toMatchObject({ added: 0, older: 2 });
  expect(await place.importAll(csaf, files)).toMatchObject({ added: 0, changed: 0, rejected: 0 });
});
