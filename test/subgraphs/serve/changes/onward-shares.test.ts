import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import type { MarkInput } from '../../../../subgraphs/serve/changes/changes.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import { sharesSeenBy } from '../../../../subgraphs/serve/changes/onward-shares.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { movesIn } from '../../../../subgraphs/serve/workflow/progress-store.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { assessmentsIn, french, now, originator, polish } from './assessments-in.ts';

/** A client reads an AMBER record through the onward share of a recipient (TLP 2.0, W9b). */

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const purpose = 'incident-response' as const;
const until = '2027-01-01T00:00:00.000Z';
const client = readerOf({
  organisation: 'nordsee-energy',
  subject: 'c',
  roles: ['private-user'],
  purpose,
  onwardShares: [{ id: 'S1', by: 'csirt-fr', until }],
});

const audience = {
  reach: 'NAMED',
  organisations: ['defence', 'csirt-fr', 'csirt-pl'],
} as const;
const amber: ReadingInput = { marking: { tlp: 'AMBER' }, audience, purposes: [purpose] };

const assessments = assessmentsIn(() => place);
const { changesOf, stored } = assessments;
const created = async (reading: ReadingInput = amber) => await assessments.created(reading);

async function reads(reader: Reader, id: string, at = now): Promise<boolean> {
  const { envelope } = await stored(id);
  return policy.decideRow(envelope, 'DefenceAssessment', policy.accessOf(reader, at)) !== null;
}

async function share(reader: Reader, id: string, more: object = {}) {
  const expectedVersion = (await stored(id)).envelope.version;
  const texts = { need: 'EXERCISE', permitted: 'EXERCISE' };
  const input = { key: randomUUID(), id, expectedVersion, share: 'S1', ...texts, ...more };
  return (await changesOf(reader).share(input)).userErrors;
}

async function end(reader: Reader, id: string, more: object = {}) {
  const expectedVersion = (await stored(id)).envelope.version;
  const input = { key: randomUUID(), id, expectedVersion, share: 'S1', reason: 'EXERCISE', ...more };
  return (await changesOf(reader).endShare(input)).userErrors;
}

const notAllowed = [expect.objectContaining({ code: 'NOT_ALLOWED' })];
const notFound = [expect.objectContaining({ code: 'NOT_FOUND' })];

test('lets the client read from the onward share on, until its end in the registry or on the record', async () => {
  const id = await created();
  expect(await reads(client, id)).toBe(false);
  expect(await share(french, id)).toEqual([]);
  expect(await reads(client, id)).toBe(true);
  expect(await reads(client, id, new Date(until))).toBe(false);
  expect((await stored(id)).admits.some((key) => key.includes('share:csirt-fr:S1'))).toBe(true);
  expect(await end(french, id)).toEqual([]);
  expect(await reads(client, id)).toBe(false);
  expect((await stored(id)).admits.some((key) => key.includes('share:csirt-fr:S1'))).toBe(false);
});

test('keeps both acts, each with its person, values and time', async () => {
  const id = await created();
  await share(french, id);
  await end(originator, id, { by: 'csirt-fr' });
  const acts = await movesIn(place.store).find({ record: id }).sort({ _id: 1 }).toArray();
  expect(acts).toMatchObject([
    {
      move: 'record',
      by: { organisation: 'csirt-fr', subject: 'f' },
      input: { share: 'S1', need: 'EXERCISE' },
    },
    { move: 'revoke', by: { organisation: 'defence' }, input: { by: 'csirt-fr', reason: 'EXERCISE' } },
  ]);
});

test.each<[string, Partial<ReadingInput>]>([
  ['AMBER+STRICT', { marking: { tlp: 'AMBER_STRICT' } }],
  ['with the handling code H1', { marking: { tlp: 'AMBER', handlingCodes: ['H0', 'H1'] } }],
  ['with the handling code H2', { marking: { tlp: 'AMBER', handlingCodes: ['H0', 'H2'] } }],
  ['with the handling code H3', { marking: { tlp: 'AMBER', handlingCodes: ['H3'], h3Text: 'EXERCISE' } }],
  ['with a limited distribution', { marking: { tlp: 'AMBER', distribution: 'LIMITE' } }],
])(
  'is refused for a record that is %s, with the reason if the recipient reads it',
  async (_name, reading) => {
    const id = await created({ ...amber, ...reading });
    const isRead = await reads(french, id);
    expect(await share(french, id)).toEqual(isRead ? notAllowed : notFound);
    expect((await stored(id)).envelope.onwardShares).toEqual([]);
  },
);

test('is as for nothing for RED, under an embargo, and for an organisation outside the audience', async () => {
  const red = await created();
  await recordsOf(place.store, 'DefenceAssessment').updateOne(
    { _id: red },
    { $set: { 'envelope.marking.tlp': 'RED' } },
  );
  const later = await created({ ...amber, embargoUntil: new Date('2026-12-01T00:00:00Z') });
  const others = await created({ ...amber, audience: { ...audience, organisations: ['csirt-pl'] } });
  const missing = { id: 'DefenceAssessment:00000000-0000-4000-8000-000000000000', expectedVersion: 1 };
  const forNothing = await share(french, others, missing);
  expect(forNothing).toEqual(notFound);
  for (const id of [red, later, others]) expect(await share(french, id)).toEqual(forNothing);
});

test('is refused for a machine, for personal data, and for a client who reads by an onward share itself', async () => {
  const id = await created();
  expect(await share({ ...french, client: 'machine' }, id)).not.toEqual([]);
  await share(french, id);
  expect(await share({ ...client }, id, { share: 'S2' })).toEqual(notAllowed);
  await recordsOf(place.store, 'DefenceAssessment').updateOne(
    { _id: id },
    { $set: { 'envelope.personalData': { present: true } } },
  );
  expect(await share(polish, id)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining('personal data') }),
  ]);
});

test('shows a recipient its own onward shares only, and the originator all', async () => {
  const id = await created();
  await share(french, id);
  await share(polish, id, { share: 'S9' });
  const { envelope } = await stored(id);
  const seenBy = (reader: Reader) => sharesSeenBy({ reader }, envelope).map((one) => one.by);
  expect([seenBy(french), seenBy(polish), seenBy(originator), seenBy(client)]).toEqual([
    ['csirt-fr'],
    ['csirt-pl'],
    ['csirt-fr', 'csirt-pl'],
    [],
  ]);
  const invalid = [expect.objectContaining({ code: 'INVALID', path: ['share'] })];
  expect(await end(polish, id, { by: 'csirt-fr' })).toEqual(invalid);
  expect(await end(polish, id, { by: 'csirt-fr', share: 'S404' })).toEqual(invalid);
});

test('ends without an act when the originator marks the record stricter or no longer names the recipient', async () => {
  const id = await created();
  await share(french, id);
  const mark = async (reading: MarkInput['reading']) => {
    const { version: expectedVersion } = (await stored(id)).envelope;
    return (await changesOf(originator).mark({ key: randomUUID(), id, expectedVersion, reading })).userErrors;
  };
  expect(await mark({ ...amber, audience: { ...audience, organisations: ['defence', 'csirt-pl'] } })).toEqual(
    [],
  );
  expect(await reads(client, id)).toBe(false);
  // It does not begin again when the recipient is named again.
  expect(await mark(amber)).toEqual([]);
  expect(await reads(client, id)).toBe(false);
});

test('records an onward share once, and ten of one organisation at most', async () => {
  const id = await created();
  expect(await share(french, id)).toEqual([]);
  const invalid = [expect.objectContaining({ code: 'INVALID', path: ['share'] })];
  expect(await share(french, id)).toEqual(invalid);
  for (let at = 0; at < 9; at += 1) expect(await share(french, id, { share: `T${at}` })).toEqual([]);
  expect(await share(french, id, { share: 'T9' })).toEqual(invalid);
  for (let at = 0; at < 10; at += 1) {
    expect(await end(french, id, { share: at === 0 ? 'S1' : `T${at - 1}` })).toEqual([]);
    expect(await share(french, id, { share: `U${at}` })).toEqual([]);
  }
  await end(french, id, { share: 'U0' });
  expect(await share(french, id, { share: 'V1' })).toEqual([expect.objectContaining({ code: 'CLOSED' })]);
  expect(await share(polish, id, { share: 'T9' })).toEqual([]);
  expect(await share(polish, id, { share: 'a|b' })).toEqual(invalid);
  expect(await share(polish, id, { share: 'S3', need: ' ' })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['need'] }),
  ]);
});
