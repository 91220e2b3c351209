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

/** Whether a reader may see the one record that is stored, by its envelope alone. */
async function mayRead(reader = readerOf()): Promise<boolean> {
  const holder = policy.accessOf(reader, new Date());
  return policy.decideRow((await stored())?.envelope, 'VulnerabilityRecord', holder) !== null;
}

describeReal('on the public records', () => {
  test('takes the 28 vulnerabilities of the eight documents, and writes nothing the second time', async () => {
    const reports: Imported[] = [];
    for (const _time of ['first', 'second'])
      for (const file of readdirSync(realPath('enisa/csaf')))
        reports.push(await place.import(csaf, realPath(`enisa/csaf/${file}`)));
    const sum = (of: 'added' | 'changed' | 'unchanged' | 'rejected' | 'classified') =>
      reports.reduce((count, report) => count + report[of], 0);
    expect([sum('added'), sum('unchanged'), sum('changed'), sum('rejected'), sum('classified')]).toEqual([
      28, 28, 0, 0, 0,
    ]);
  });
});

describeReal('what readers see of the public records', () => {
  test.each([
    ['the 8 whose documents are labelled', {}, 8],
    ['all 28, where the import is told that they are CLEAR', { isTlpGiven: true }, 28],
  ] as const)('%s', async (_what, given, count) => {
    for (const file of readdirSync(realPath('enisa/csaf')))
      await place.import(csaf, realPath(`enisa/csaf/${file}`), given);
    const holder = policy.accessOf(readerOf(), new Date());
    const all = (await place.store.records.get('VulnerabilityRecord')?.find().lean()) ?? [];
    const seen = all.filter(
      ({ envelope }) => policy.decideRow(envelope, 'VulnerabilityRecord', holder) !== null,
    );
    expect([all.length, seen.length]).toEqual([28, count]);
  });
});

test('a document without a label is for its originator and its custodian alone, and for those whom the import names', async () => {
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

test('a draft is for its publisher and its custodian alone, and open once it is final', async () => {
  const reader = readerOf({ organisation: 'exercise-vendor' });
  const given = { originator: 'exercise-vendor' };
  await place.import(csaf, documentOf({ tracking: { status: 'draft' } }), given);
  expect([await mayRead(), await mayRead(reader)]).toEqual([false, true]);
  expect(await place.import(csaf, documentOf(), given)).toMatchObject({ changed: 1 });
  expect(await mayRead()).toBe(true);
  expect(await stored()).toMatchObject({ envelope: { recordState: 'ACTIVE', version: 2 } });
});

test('what was retracted here stays so, whatever becomes of the document', async () => {
  await place.import(csaf, documentOf({ tracking: { status: 'draft' } }));
  await place.store.records
    .get('VulnerabilityRecord')
    ?.collection.updateOne({}, { $set: { 'envelope.recordState': 'RETRACTED' } });
  expect(await place.import(csaf, documentOf())).toMatchObject({ changed: 1 });
  expect(await stored()).toMatchObject({ envelope: { recordState: 'RETRACTED' } });
});

test('an AMBER document is for those whom the import names; a constraint in words closes it to them too', async () => {
  const audience = { ...noAudience, organisations: ['csirt-fr'] };
  const amber = { tlp: { label: 'AMBER' } };
  await place.import(csaf, documentOf({ document: { distribution: amber } }), { audience });
  expect([await mayRead(), await mayRead(readerOf({ organisation: 'csirt-fi' }))]).toEqual([true, false]);
  await place.import(csaf, documentOf({ document: { distribution: { ...amber, text: 'For Fjordsoft' } } }), {
    audience,
  });
  expect(await mayRead()).toBe(false);
});

test('a document that bears a classification is refused, and nothing of it is kept', async () => {
  const distribution = { text: 'VS-NfD', tlp: { label: 'WHITE' } };
  const imported = await place.import(csaf, documentOf({ document: { distribution } }));
  expect(imported).toMatchObject({ read: 1, added: 0, rejected: 0, classified: 1 });
  expect(JSON.stringify([await place.everything(), imported])).not.toMatch(/CVE-2099|Fjordsoft|VS-NfD/);
});

test('one bad vulnerability costs its document, and none of it is taken', async () => {
  const vulnerabilities = [{ cve: 'CVE-2099-10001' }, { cve: 'none' }];
  const imported = await place.import(csaf, documentOf({ vulnerabilities }));
  expect(imported).toMatchObject({ added: 0, rejected: 1, rejects: [{ index: 0, reason: 'WRONG_SHAPE' }] });
});

test('two publishers may give one tracking id, and one document a vulnerability twice only once', async () => {
  const publisher = {
    category: 'vendor',
    name: 'EXERCISE other',
    namespace: 'https://other.exercise.invalid',
  };
  await place.import(csaf, documentOf());
  expect(await place.import(csaf, documentOf({ document: { publisher } }))).toMatchObject({ added: 1 });
  const twice = [{ cve: 'CVE-2099-10003' }, { cve: 'CVE-2099-10003', title: 'EXERCISE again' }];
  expect(await place.import(csaf, documentOf({ vulnerabilities: twice }))).toMatchObject({
    added: 1,
    rejects: [{ reason: 'DUPLICATE' }],
  });
});
