import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { Released } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { emergencySeen } from '../../../../subgraphs/serve/changes/emergency-releases.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import { recordsOf } from '../../../../subgraphs/serve/store/collections.ts';
import { movesIn } from '../../../../subgraphs/serve/workflow/progress-store.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { assessmentsIn, now, originator, polish } from './assessments-in.ts';

/** The officer on duty of the originator releases a record for at most 24 hours, and a second person confirms (W9c). */

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const hours = (count: number) => new Date(now.getTime() + count * 3_600_000);
const until = hours(24);
const purpose = 'incident-response' as const;
const roles = ['duty-officer'];
const officer = readerOf({ organisation: 'defence', subject: 'd', roles, purpose, onScreen: true });
const colleague = { ...originator, subject: 'c' };
const strangers = readerOf({ organisation: 'csirt-fr', subject: 'x', roles, purpose, onScreen: true });

const audience = { reach: 'NAMED', organisations: ['defence'] } as const;
const amber: ReadingInput = { marking: { tlp: 'AMBER' }, audience, purposes: [purpose] };

const assessments = assessmentsIn(() => place);
const { changesOf, stored } = assessments;
const created = async (reading: ReadingInput = amber) => await assessments.created(reading);

async function versionOf(id: string): Promise<number> {
  return (await stored(id)).envelope.version;
}

async function release(reader: Reader, id: string, more: object = {}, at = now) {
  const terms = { to: 'csirt-pl', until, threat: 'LIFE' as const, whyNotByRequest: 'EXERCISE' };
  const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), ...terms, ...more };
  return (await changesOf(reader, at).emergencies.release(input)).userErrors;
}

async function one(id: string): Promise<Released> {
  const [first] = (await stored(id)).envelope.released ?? [];
  if (first === undefined) throw new Error('expected a release');
  return first;
}

async function act(
  name: 'confirm' | 'report' | 'endRelease',
  reader: Reader,
  id: string,
  at = now,
  more: object = {},
) {
  const texts = { reason: 'EXERCISE', used: 'EXERCISE', outcome: 'EXERCISE' };
  const given = { release: (await one(id)).id, ...texts, ...more };
  const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), ...given };
  const changes = changesOf(reader, at);
  const { userErrors } =
    name === 'endRelease' ? await changes.endRelease(input) : await changes.emergencies[name](input);
  return userErrors;
}

/** Returns the reader with the grants that the registry would have for the releases of a record. */
async function granted(reader: Reader, id: string): Promise<Reader> {
  const { originator: by, released = [] } = (await stored(id)).envelope;
  const own = released.filter(
    ({ to, emergency }) =>
      to === reader.organisation && [null, reader.subject].includes(emergency?.person ?? null),
  );
  return { ...reader, grants: own.map((each) => ({ id: each.grant, by, until: each.until.toISOString() })) };
}

async function reads(reader: Reader, id: string, at = now): Promise<boolean> {
  const { envelope } = await stored(id);
  const found = await granted(reader, id);
  return policy.decideRow(envelope, 'DefenceAssessment', policy.accessOf(found, at)) !== null;
}

async function stateOf(id: string, at = now): Promise<object | null> {
  return emergencySeen(await one(id), policy.accessOf(originator, at));
}

const refusedWith = (code: string, ...path: readonly string[]) => [
  expect.objectContaining(path.length === 0 ? { code } : { code, path }),
];

test('lets the organisation read until the end, also during an embargo and with restrictions', async () => {
  const marking = { tlp: 'AMBER', distribution: 'LIMITE', extraRestrictions: ['no-third-states'] } as const;
  for (const reading of [amber, { ...amber, embargoUntil: hours(99) }, { ...amber, marking }]) {
    const id = await created(reading);
    expect(await reads(polish, id)).toBe(false);
    expect(await release(officer, id)).toEqual([]);
    expect([await reads(polish, id), await reads(polish, id, until)]).toEqual([true, false]);
    expect(await reads({ ...polish, client: 'machine' }, id)).toBe(false);
    expect(await stateOf(id)).toMatchObject({ state: 'RELEASED', threat: 'LIFE', releasedAt: now });
  }
});

test('lets no reader of another organisation read it', async () => {
  const id = await created({ ...amber, embargoUntil: hours(99) });
  await release(officer, id);
  expect(await reads(strangers, id)).toBe(false);
});

test('opens during an embargo by an emergency release only, and not by another one', async () => {
  const id = await created();
  const ordinary = { key: randomUUID(), id, expectedVersion: 1, to: 'csirt-pl', until, purpose: 'EXERCISE' };
  expect((await changesOf(originator).release(ordinary)).userErrors).toEqual([]);
  expect(await reads(polish, id)).toBe(true);
  const input = { key: randomUUID(), id, expectedVersion: 2, reading: { ...amber, embargoUntil: hours(99) } };
  expect((await changesOf(originator).mark(input)).userErrors).toEqual([]);
  expect(await reads(polish, id)).toBe(false);
  expect(await release(officer, id)).toEqual([]);
  expect(await reads(polish, id)).toBe(true);
});

test.each<[string, Reader, object, readonly string[]]>([
  ['another person of the originator', originator, {}, ['NOT_ALLOWED', 'id']],
  ['the officer on duty without strong authentication', { ...officer, onScreen: false }, {}, ['NOT_ALLOWED']],
  ['a machine with the role', { ...officer, client: 'machine', onScreen: false }, {}, ['NOT_ALLOWED']],
  ['the officer on duty of another organisation', strangers, {}, ['NOT_FOUND']],
  ['the officer, for more than 24 hours', officer, { until: hours(24.01) }, ['INVALID', 'until']],
  ['the officer, with an end that has passed', officer, { until: now }, ['INVALID', 'until']],
  ['the officer, for no stated reason', officer, { whyNotByRequest: ' ' }, ['INVALID', 'whyNotByRequest']],
  ['the officer, for its own organisation', officer, { to: 'defence' }, ['INVALID']],
  ['the officer, for a person without a name', officer, { person: '' }, ['INVALID', 'person']],
  [
    'the officer, with a field that has no marking',
    officer,
    { fields: ['judgement'] },
    ['INVALID', 'fields'],
  ],
  ['the officer, on an older version', officer, { expectedVersion: 7 }, ['STALE_VERSION']],
])('is refused to %s', async (_who, reader, more, [code = '', ...path]) => {
  const id = await created();
  expect(await release(reader, id, more)).toEqual(refusedWith(code, ...path));
  expect((await stored(id)).envelope.released).toBeUndefined();
});

test('is refused to the officer on duty of an organisation that reads the record', async () => {
  const id = await created({ ...amber, audience: { ...audience, organisations: ['defence', 'csirt-fr'] } });
  expect(await release(strangers, id)).toEqual(refusedWith('NOT_ALLOWED', 'id'));
});

test('is refused for a handling code, and for persons’ data of Europol only', async () => {
  const coded = { ...amber, marking: { tlp: 'AMBER', handlingCodes: ['H0', 'H1'] } } as const;
  const id = await created({ ...coded, audience: { ...audience, persons: [officer.subject] } });
  expect(await release(officer, id)).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  const concerning = async (provider: string) => {
    const person = await created();
    const personalData = { present: true, categories: [], controller: null, legalBasis: null };
    const rest = { reviewAt: null, retainUntil: null, restricted: false };
    await recordsOf(place.store, 'DefenceAssessment').updateOne(
      { _id: person },
      { $set: { 'envelope.personalData': { ...personalData, ...rest }, 'envelope.provider': provider } },
    );
    return await release(officer, person);
  };
  expect(await concerning('europol')).toEqual(refusedWith('NOT_ALLOWED', 'id'));
  expect(await concerning('defence')).toEqual([]);
});

test('releases RED to one person, on screen, and to nobody else of the organisation', async () => {
  const id = await created();
  const named = { reach: 'NAMED', organisations: ['defence'], persons: [originator.subject] } as const;
  const reading = { ...amber, marking: { tlp: 'RED' }, audience: { ...named, persons: ['d', 'c'] } } as const;
  const input = { key: randomUUID(), id, expectedVersion: 1, reading };
  expect((await changesOf({ ...originator, onScreen: true }).mark(input)).userErrors).toEqual([]);
  expect(await release(officer, id)).toEqual(refusedWith('INVALID', 'person'));
  expect(await release(officer, id, { person: 'p' })).toEqual([]);
  expect(await reads({ ...polish, onScreen: true }, id)).toBe(true);
  expect(await reads(polish, id)).toBe(false);
  expect(await reads({ ...polish, subject: 'q', onScreen: true }, id)).toBe(false);
  expect(await act('confirm', { ...colleague, onScreen: true }, id)).toEqual([]);
});

test('is confirmed by another person of the originator, once, while it runs', async () => {
  const id = await created();
  await release(officer, id);
  expect(await act('confirm', officer, id)).toEqual(refusedWith('NOT_ALLOWED', 'release'));
  const machine = { ...colleague, client: 'machine' } as const;
  expect(await act('confirm', machine, id)).toEqual(refusedWith('INVALID', 'release'));
  expect(await stateOf(id, hours(18))).toMatchObject({ state: 'UNCONFIRMED', reportDueAt: null });
  expect(await act('confirm', colleague, id, until)).toEqual(refusedWith('CLOSED', 'release'));
  expect(await act('confirm', colleague, id)).toEqual([]);
  expect(await stateOf(id, hours(18))).toMatchObject({ state: 'CONFIRMED', confirmedAt: now });
  expect(await act('confirm', colleague, id)).toEqual(refusedWith('CLOSED', 'release'));
  expect(await reads(polish, id)).toBe(true);
});

test('is revoked by each person of the originator, and stays until it is reported on', async () => {
  const id = await created();
  await release(officer, id);
  expect(await act('report', officer, id)).toEqual(refusedWith('CLOSED', 'release'));
  expect(await act('endRelease', { ...colleague, client: 'machine' }, id)).toEqual(refusedWith('INVALID'));
  expect(await act('endRelease', colleague, id, hours(1))).toEqual([]);
  expect(await reads(polish, id)).toBe(false);
  expect(await act('endRelease', colleague, id, hours(1))).toEqual(refusedWith('CLOSED', 'release'));
  // 2026-11-03 is a Tuesday: five working days later is the next Tuesday.
  const due = (await stateOf(id)) as { reportDueAt: Date };
  expect(due).toMatchObject({ state: 'REVOKED', revokedAt: hours(1), reportedAt: null });
  expect(due.reportDueAt.toISOString()).toMatch(/^2026-11-10T/);
  expect(await act('report', colleague, id, hours(2))).toEqual([]);
  expect(await stateOf(id)).toMatchObject({ state: 'REVOKED', reportedAt: hours(2) });
  expect(await act('report', colleague, id, hours(2))).toEqual(refusedWith('CLOSED', 'release'));
  expect(await release({ ...officer, subject: 'd-2' }, id, { until: hours(9) }, hours(3))).toEqual([]);
  expect((await stored(id)).envelope.released).toHaveLength(1);
});

test('ends with a new marking, and is still reported on', async () => {
  const id = await created();
  await release(officer, id);
  const input = { key: randomUUID(), id, expectedVersion: 2 };
  const reading = { ...amber, marking: { tlp: 'AMBER_STRICT' } } as const;
  expect((await changesOf(originator, hours(1)).mark({ ...input, reading })).userErrors).toEqual([]);
  expect(await reads(polish, id)).toBe(false);
  expect(await stateOf(id)).toMatchObject({ state: 'REVOKED', revokedAt: hours(1) });
  const again = { ...input, key: randomUUID(), expectedVersion: 3, reading: amber };
  expect((await changesOf(originator, hours(2)).mark(again)).userErrors).toEqual([]);
  expect(await reads(polish, id)).toBe(false);
  expect(await act('report', officer, id, hours(3))).toEqual([]);
});

test('stays as it ended when it is revoked or the record is marked after its end', async () => {
  const id = await created();
  await release(officer, id);
  expect(await act('endRelease', colleague, id, until)).toEqual(refusedWith('CLOSED', 'release'));
  const reading = { ...amber, marking: { tlp: 'AMBER_STRICT' } } as const;
  const input = { key: randomUUID(), id, expectedVersion: 2, reading };
  expect((await changesOf(originator, hours(30)).mark(input)).userErrors).toEqual([]);
  expect(await stateOf(id, hours(31))).toMatchObject({ state: 'ENDED', revokedAt: null });
  expect(await act('report', colleague, id, hours(31))).toEqual([]);
});

test('is made once for a reader by one person alone, until a second person confirms it', async () => {
  const id = await created();
  expect(await release(officer, id)).toEqual([]);
  const later = { until: hours(40) };
  expect(await release(officer, id, later, hours(20))).toEqual(refusedWith('CLOSED', 'to'));
  expect(await release(officer, id, { ...later, person: 'p' }, hours(20))).toEqual([]);
  expect(await release({ ...officer, subject: 'd-2' }, id, later, hours(20))).toEqual([]);
  const other = await created();
  await release(officer, other);
  await act('confirm', colleague, other);
  expect(await release(officer, other, later, hours(20))).toEqual([]);
});

test('keeps the reports that are due apart from other releases, and limits their number', async () => {
  const id = await created();
  for (let at = 0; at < 20; at += 1) {
    const another = { ...officer, subject: `d-${at}` };
    expect(await release(another, id, { until: new Date(now.getTime() + 1000 + at) })).toEqual([]);
  }
  expect(await release(officer, id, {}, hours(1))).toEqual(refusedWith('CLOSED', 'id'));
  const ordinary = { key: randomUUID(), id, expectedVersion: 21, to: 'csirt-pl', until, purpose: 'EXERCISE' };
  expect((await changesOf(originator, hours(1)).release(ordinary)).userErrors).toEqual([]);
  expect((await stored(id)).envelope.released).toHaveLength(21);
});

test('stores each act with its person and values', async () => {
  const id = await created();
  await release(officer, id);
  await act('confirm', colleague, id);
  await act('report', colleague, id, hours(25));
  const acts = await movesIn(place.store).find({ record: id }).sort({ _id: 1 }).toArray();
  expect(acts).toMatchObject([
    { workflow: 'emergency-release', move: 'release', by: { subject: 'd' }, from: null, to: 'released' },
    { move: 'confirm', by: { subject: 'c' }, to: 'confirmed', input: { reason: 'EXERCISE' } },
    { move: 'report', from: 'ended', to: 'ended', input: { used: 'EXERCISE', outcome: 'EXERCISE' } },
  ]);
});
