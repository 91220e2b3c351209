import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { french, now, polish } from './assessments-in.ts';
import {
  amber,
  both,
  coded,
  days,
  forPerson,
  named,
  neither,
  onScreen,
  own,
  persons,
  proposalsIn,
  proposer,
  red,
  refusedWith,
  second,
  until,
  withRedField,
} from './proposals-in.ts';

/** The refusals of releases that two persons make, to proposers and to those who confirm (W9a). */

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const { changesOf, stored, versionOf, created, mark, propose, act, reads } = proposalsIn(() => place);

test.each<[string, Reader, object, readonly string[]]>([
  ['a person who is not on screen', { ...proposer, onScreen: false }, {}, ['NOT_FOUND', 'id']],
  ['a machine', { ...proposer, client: 'machine', onScreen: false }, {}, ['NOT_FOUND', 'id']],
  ['another organisation', { ...named, roles: ['duty-officer'] }, {}, ['NOT_FOUND', 'id']],
  ['its custodian’s operator, whom it does not name', { ...proposer, subject: 'o-9' }, {}, ['NOT_FOUND']],
  ['the originator, for a whole organisation', proposer, { person: null }, ['INVALID', 'person']],
  ['the originator, for a person without a name', proposer, { person: '' }, ['INVALID', 'person']],
  ['the originator, for nobody whom the hub knows', proposer, { person: 'p-9' }, ['INVALID', 'person']],
  ['the originator, for a person of another', proposer, { to: 'csirt-fr' }, ['INVALID', 'person']],
  ['the originator, for itself', proposer, { to: 'defence' }, ['INVALID', 'to']],
  ['the originator, with an end that has passed', proposer, { until: now }, ['INVALID', 'until']],
  ['the originator, for longer than a year', proposer, { until: days(367) }, ['INVALID', 'until']],
  ['the originator, for no reason', proposer, { purpose: ' ' }, ['INVALID', 'purpose']],
  [
    'the originator, with a field without a marking',
    proposer,
    { fields: ['judgement'] },
    ['INVALID', 'fields'],
  ],
  ['the originator, on an older version', proposer, { expectedVersion: 7 }, ['STALE_VERSION']],
])('is refused to %s', async (_who, reader, more, [code = '', ...path]) => {
  const id = await created(red);
  expect(await propose(reader, id, { ...forPerson, ...more })).toEqual(refusedWith(code, ...path));
  expect((await stored(id)).envelope.released).toBeUndefined();
});

test('tells only a reader who may release the record whether a person is a member', async () => {
  const id = await created({ ...red, audience: { ...own, persons: [...persons, french.subject] } });
  const reader = { ...french, ...onScreen };
  expect(await reads(reader, id)).toEqual(both);
  const answers = [await propose(reader, id, forPerson), await propose(reader, id, { person: 'p-9' })];
  for (const answer of answers) expect(answer).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(answers[0]).toEqual(answers[1]);
});

const change = async (id: string, more: object) =>
  await recordsOf(place.store, 'DefenceAssessment').updateOne({ _id: id }, { $set: more });

test('needs the provider for H2, also if the record changed after the proposal', async () => {
  const other = { 'envelope.provider': 'police-de' };
  const id = await created(coded('H2'));
  await propose(proposer, id);
  await change(id, other);
  expect(await propose(proposer, id, { until: days(9) })).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(await act('confirm', second, id)).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(await reads(polish, id)).toEqual(neither);
  const free = await created(coded('H1'));
  await change(free, other);
  expect(await propose(proposer, free)).toEqual([]);
});

const restricted = { tlp: 'AMBER', handlingCodes: ['H1'], extraRestrictions: ['no-third-states'] } as const;
const limited = { tlp: 'AMBER', handlingCodes: ['H1'], distribution: 'LIMITE' } as const;

test.each<[string, ReadingInput]>([
  ['with the handling code H3', coded('H1', 'H3')],
  ['with a restriction', { ...amber, marking: restricted }],
  ['with a limited distribution', { ...amber, marking: limited }],
  ['under an embargo', { ...coded('H1'), embargoUntil: days(60) }],
  ['RED and under an embargo', { ...red, embargoUntil: days(60) }],
])('is refused for a record that is %s', async (_name, reading) => {
  const id = await created(reading);
  const held = { code: 'NOT_ALLOWED', message: expect.stringContaining('holds it back') };
  expect(await propose(proposer, id, forPerson)).toEqual([expect.objectContaining(held)]);
});

test('is refused for personal data, and not confirmed if an embargo began after the proposal', async () => {
  const personalData = { present: true, categories: [], controller: null, legalBasis: null };
  const id = await created(coded('H1'));
  await propose(proposer, id);
  await change(id, { 'envelope.embargoUntil': days(60) });
  expect(await act('confirm', second, id)).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  await change(id, { 'envelope.embargoUntil': null, 'envelope.personalData': personalData });
  expect(await act('confirm', second, id)).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(await propose(proposer, id, { until: days(9) })).toEqual(refusedWith('NOT_ALLOWED', 'id'));
});

/** Releases as one person alone. */
const alone = async (reader: Reader, id: string, more: object = {}) => {
  const terms = { to: 'csirt-pl', until, purpose: 'EXERCISE' };
  const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), ...terms, ...more };
  return (await changesOf(reader).release(input)).userErrors;
};

test('is refused for what one person releases, and one person does not release what needs two', async () => {
  const plain = await created(amber);
  expect(await propose(proposer, plain)).toEqual(refusedWith('INVALID', 'id'));
  expect(await alone(proposer, plain)).toEqual([]);
  const officer = { ...proposer, roles: ['duty-officer'] };
  for (const reading of [red, coded('H1'), coded('H2')]) {
    const id = await created(reading);
    const remedy = { code: 'NOT_ALLOWED', message: expect.stringContaining('proposeRelease') };
    for (const reader of [proposer, officer])
      expect(await alone(reader, id)).toEqual([expect.objectContaining(remedy)]);
  }
  const field = await created(withRedField);
  expect(await alone(proposer, field, { fields: ['judgement'] })).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(await propose(proposer, field, forPerson)).toEqual(refusedWith('INVALID', 'id'));
});

test('refuses a second proposal with the same terms, and a fourth of one person', async () => {
  const id = await created(coded('H1'));
  expect(await propose(proposer, id)).toEqual([]);
  for (const reader of [proposer, second])
    expect(await propose(reader, id)).toEqual(refusedWith('CLOSED', 'to'));
  for (const end of [days(8), days(9)]) expect(await propose(proposer, id, { until: end })).toEqual([]);
  expect(await propose(proposer, id, { until: days(10) })).toEqual(refusedWith('CLOSED', 'to'));
  // Proposals stop nobody else, and no release.
  expect(await propose(second, id, { until: days(10) })).toEqual([]);
});

test('leaves no proposal with the grant of a release that is confirmed', async () => {
  const fields = ['judgement', 'missionImpact'];
  const audience = { ...own, organisations: ['defence', 'csirt-pl'], persons };
  const portion = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons } } as const;
  const portions = fields.map((path) => ({ path, ...portion }));
  const id = await created({ ...withRedField, audience, portions });
  expect(await propose(proposer, id, { ...forPerson, fields: ['judgement'] })).toEqual([]);
  expect(await propose(proposer, id, { ...forPerson, fields })).toEqual([]);
  expect(await act('confirm', second, id)).toEqual([]);
  expect((await stored(id)).envelope.released).toHaveLength(1);
});

test('is confirmed by no machine of the originator', async () => {
  const id = await created(coded('H1'));
  await propose(proposer, id);
  const machine = { ...second, client: 'machine', onScreen: false } as const;
  expect(await act('confirm', machine, id)).toEqual([
    expect.objectContaining({ code: expect.stringMatching(/NOT_FOUND|NOT_ALLOWED/) }),
  ]);
  expect(await reads(polish, id)).toEqual(neither);
});

test.each<[string, ReadingInput]>([
  ['to lower it', amber],
  ['to name another person', { ...coded('H1'), audience: { ...own, persons: ['p-9'] } }],
  [
    'to name another organisation',
    { ...coded('H1'), audience: { ...own, organisations: ['defence', 'csirt-fr'] } },
  ],
])('one person does not mark a record with H1 %s, and makes it stricter', async (_what, reading) => {
  const id = await created(coded('H1'));
  expect(await mark(id, reading)).toEqual([
    expect.objectContaining({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('two persons release it'),
    }),
  ]);
  expect(await mark(id, coded('H1', 'H2'))).toEqual([]);
});
