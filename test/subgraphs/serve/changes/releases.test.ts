import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import { grantIdOf } from '../../../../schema/record/release.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import type { ReadingInput } from '../../../../subgraphs/serve/changes/reading.ts';
import { releasesSeenBy } from '../../../../subgraphs/serve/changes/release-steps.ts';
import { movesIn } from '../../../../subgraphs/serve/workflow/progress-store.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { assessmentsIn, french, now, originator, polish } from './assessments-in.ts';

/** An originator lets an organisation beyond the audience read a record, or a field of it, until a stated end (W9a). */

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const purpose = 'incident-response' as const;
const until = new Date('2027-01-01T00:00:00Z');
const machine = readerOf({ ...originator, subject: 'm', client: 'machine' });

const audience = { reach: 'NAMED', organisations: ['defence', 'csirt-fr'] } as const;
const amber: ReadingInput = { marking: { tlp: 'AMBER' }, audience, purposes: [purpose] };
const secret = {
  marking: { tlp: 'AMBER_STRICT' },
  audience: { reach: 'NAMED', organisations: ['defence'] },
} as const;
const withField = (portion: Omit<Portion, 'path'> = secret): ReadingInput => ({
  ...amber,
  portions: [{ path: 'judgement', ...portion }],
});
type Portion = NonNullable<ReadingInput['portions']>[number];

const assessments = assessmentsIn(() => place);
const { changesOf, stored } = assessments;
const created = async (reading: ReadingInput = amber) => await assessments.created(reading);

/** Returns the reader with the grants that the registry would have for the releases of a record. */
async function granted(reader: Reader, id: string): Promise<Reader> {
  const { originator: by, released = [] } = (await stored(id)).envelope;
  const own = released.filter(({ to }) => to === reader.organisation);
  return { ...reader, grants: own.map((one) => ({ id: one.grant, by, until: one.until.toISOString() })) };
}

/** Returns whether the reader may read the record, and its judgement. */
async function reads(reader: Reader, id: string, at = now): Promise<{ record: boolean; judgement: boolean }> {
  const { envelope } = await stored(id);
  const decision = policy.decideRow(envelope, 'DefenceAssessment', policy.accessOf(reader, at));
  return { record: decision !== null, judgement: decision !== null && !decision.hidden.has('judgement') };
}

async function release(reader: Reader, id: string, more: object = {}, at = now) {
  const expectedVersion = (await stored(id)).envelope.version;
  const texts = { to: 'csirt-pl', until, purpose: 'EXERCISE' };
  const input = { key: randomUUID(), id, expectedVersion, ...texts, ...more };
  return (await changesOf(reader, at).release(input)).userErrors;
}

async function revoke(reader: Reader, id: string, more: object = {}) {
  const { version, released = [] } = (await stored(id)).envelope;
  const given = { release: released[0]?.id ?? '', reason: 'EXERCISE' };
  const input = { key: randomUUID(), id, expectedVersion: version, ...given, ...more };
  return (await changesOf(reader).endRelease(input)).userErrors;
}

const both = { record: true, judgement: true };
const onlyRecord = { record: true, judgement: false };
const neither = { record: false, judgement: false };

test('lets the organisation read the record from the release on, until its end or until it is revoked', async () => {
  const id = await created();
  expect(await reads(polish, id)).toEqual(neither);
  expect(await release(originator, id)).toEqual([]);
  const reader = await granted(polish, id);
  expect(await reads(reader, id)).toEqual(both);
  expect(await reads(reader, id, until)).toEqual(neither);
  expect(await reads(polish, id)).toEqual(neither);
  const [grant] = reader.grants;
  expect((await stored(id)).admits.some((key) => key.includes(`grant:defence:${grant?.id}`))).toBe(true);
  expect(await revoke(originator, id)).toEqual([]);
  expect(await reads(reader, id)).toEqual(neither);
  expect((await stored(id)).admits.some((key) => key.includes('grant:'))).toBe(false);
});

test('opens no field that has a separate marking with the record, and only the named fields with a field', async () => {
  const id = await created(withField());
  expect(await release(originator, id)).toEqual([]);
  expect(await reads(await granted(polish, id), id)).toEqual(onlyRecord);
  expect(await reads(french, id)).toEqual(onlyRecord);
  expect(await release(originator, id, { to: 'csirt-fr', fields: ['judgement'] })).toEqual([]);
  expect(await reads(await granted(french, id), id)).toEqual(both);
  expect(await reads(await granted(polish, id), id)).toEqual(onlyRecord);
});

test('does not let an organisation read the record by the release of a field', async () => {
  const id = await created(withField());
  expect(await release(originator, id, { fields: ['judgement'] })).toEqual([]);
  expect(await reads(await granted(polish, id), id)).toEqual(neither);
});

test('finds a record by a released field, for the reader of the release only', async () => {
  const id = await created(withField());
  await release(originator, id, { to: 'csirt-fr', fields: ['judgement'] });
  const { envelope } = await stored(id);
  const [grant] = (await granted(french, id)).grants;
  const terms = policy.searchTerms(envelope, 'DefenceAssessment', 'judgement', new Set(['judgement']));
  expect(JSON.stringify(terms?.open)).toContain(`grant:defence:${grant?.id}`);
  await revoke(originator, id);
  const after = (await stored(id)).envelope;
  const left = policy.searchTerms(after, 'DefenceAssessment', 'judgement', new Set(['judgement']));
  expect(JSON.stringify(left?.open)).not.toContain('grant:');
});

test.each<[string, Reader, object, string]>([
  ['a recipient of the record', french, {}, 'NOT_ALLOWED'],
  ['a reader who may not read it', polish, {}, 'NOT_FOUND'],
  ['a machine of the originator', machine, {}, 'NOT_ALLOWED'],
  ['the originator, for itself', originator, { to: 'defence' }, 'INVALID'],
  ['the originator, without a known form of id', originator, { to: 'Not An Id' }, 'INVALID'],
  ['the originator, with an end that has passed', originator, { until: now }, 'INVALID'],
  [
    'the originator, for longer than a year',
    originator,
    { until: new Date('2027-12-01T00:00:00Z') },
    'INVALID',
  ],
  ['the originator, for no reason', originator, { purpose: ' ' }, 'INVALID'],
  ['the originator, with a field that has no marking', originator, { fields: ['judgement'] }, 'INVALID'],
  ['the originator, with an empty list of fields', originator, { fields: [] }, 'INVALID'],
  ['the originator, on an older version', originator, { expectedVersion: 7 }, 'STALE_VERSION'],
])('is refused to %s', async (_who, reader, more, code) => {
  const id = await created();
  expect(await release(reader, id, more)).toEqual([expect.objectContaining({ code })]);
  expect((await stored(id)).envelope.released).toBeUndefined();
});

test.each<[string, Partial<ReadingInput>]>([
  ['with a handling code', { marking: { tlp: 'AMBER', handlingCodes: ['H0', 'H1'] } }],
  ['with a limited distribution', { marking: { tlp: 'AMBER', distribution: 'LIMITE' } }],
  ['under an embargo', { embargoUntil: new Date('2026-11-04T00:00:00Z') }],
])('is refused for a record that is %s', async (_name, reading) => {
  const id = await created({
    ...amber,
    audience: { ...audience, persons: [originator.subject] },
    ...reading,
  });
  expect(await release(originator, id)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect((await stored(id)).envelope.releases).toBeUndefined();
});

test('is refused for a RED record, also to the person that it names', async () => {
  const id = await created();
  const onScreen = { ...originator, onScreen: true };
  const named = { reach: 'NAMED', organisations: ['defence'], persons: [originator.subject] } as const;
  const reading = { ...amber, marking: { tlp: 'RED' }, audience: named } as const;
  const input = { key: randomUUID(), id, expectedVersion: 1, reading };
  expect((await changesOf(onScreen).mark(input)).userErrors).toEqual([]);
  expect(await release(onScreen, id)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect((await stored(id)).envelope.releases).toBeUndefined();
});

test('is refused for a field that another marking holds back', async () => {
  const persons = [originator.subject];
  const red = { marking: { tlp: 'RED' }, audience: { reach: 'NAMED', persons } } as const;
  const id = await created({ ...withField(red), audience: { ...audience, persons } });
  // On screen, the originator reads the field, but one person alone may not release it.
  for (const [reader, refused] of [
    [originator, { code: 'INVALID', path: ['fields'] }],
    [
      { ...originator, onScreen: true },
      { code: 'NOT_ALLOWED', path: ['id'] },
    ],
  ] as const)
    expect(await release(reader, id, { fields: ['judgement'] })).toEqual([expect.objectContaining(refused)]);
  expect(await reads({ ...originator, onScreen: true }, id)).toEqual(both);
});

test('shows the releases to the originator only, and revokes those that the record shows', async () => {
  const id = await created(withField());
  await release(originator, id, { to: 'Organisation:csirt-fr', fields: ['judgement'] });
  const { envelope } = await stored(id);
  const shown = releasesSeenBy(policy.accessOf(originator, now), envelope, new Set());
  expect(shown).toEqual([
    {
      id: expect.any(String),
      grant: expect.any(String),
      to: 'csirt-fr',
      until,
      fields: ['judgement'],
      purpose: 'EXERCISE',
    },
  ]);
  expect(releasesSeenBy(policy.accessOf(await granted(french, id), now), envelope, new Set())).toEqual([]);
  // A member of the originator from whom the field is hidden must not learn that it has a separate marking.
  const hidden = new Set(['judgement']);
  expect(releasesSeenBy(policy.accessOf(originator, now), envelope, hidden)).toEqual([]);
  for (const [reader, more] of [
    [await granted(french, id), {}],
    [originator, { release: 'none' }],
  ] as const)
    expect(await revoke(reader, id, more)).toEqual([expect.objectContaining({ code: 'INVALID' })]);
  expect((await stored(id)).envelope.released).toHaveLength(1);
});

test('ends each release with a new marking, and begins none again', async () => {
  const id = await created(withField());
  await release(originator, id);
  await release(originator, id, { to: 'csirt-fr', fields: ['judgement'] });
  const readers = [await granted(polish, id), await granted(french, id)] as const;
  const mark = async (reading: ReadingInput) => {
    const expectedVersion = (await stored(id)).envelope.version;
    const input = { key: randomUUID(), id, expectedVersion, reading };
    expect((await changesOf(originator).mark(input)).userErrors).toEqual([]);
  };
  await mark(withField());
  expect(await reads(readers[0], id)).toEqual(onlyRecord);
  expect(await reads(readers[1], id)).toEqual(both);
  await mark({ ...withField(), marking: { tlp: 'AMBER_STRICT' } });
  expect(await reads(readers[0], id)).toEqual(neither);
  expect(await reads(readers[1], id)).toEqual(both);
  await mark(amber);
  await mark(withField());
  expect(await reads(readers[0], id)).toEqual(neither);
  expect(await reads(readers[1], id)).toEqual(onlyRecord);
  expect((await stored(id)).envelope.released).toBeUndefined();
});

test('keeps both acts, each with its person, values and time', async () => {
  const id = await created();
  await release(originator, id);
  await revoke(originator, id);
  const acts = await movesIn(place.store).find({ record: id }).sort({ _id: 1 }).toArray();
  expect(acts).toMatchObject([
    { workflow: 'grant', move: 'grant', input: { to: 'csirt-pl', until, fields: null, purpose: 'EXERCISE' } },
    { workflow: 'grant', move: 'revoke', by: { organisation: 'defence' }, input: { reason: 'EXERCISE' } },
  ]);
});

/** Returns another end for each number. */
const end = (at: number) => ({ until: new Date(until.getTime() + at * 1000) });

test('takes twenty releases at a time, and frees the place of one that has ended', async () => {
  const id = await created();
  const soon = new Date(now.getTime() + 1000);
  expect(await release(originator, id, { until: soon })).toEqual([]);
  for (let at = 1; at < 20; at += 1) expect(await release(originator, id, end(at))).toEqual([]);
  const more = await release(originator, id, end(20));
  expect(more).toEqual([expect.objectContaining({ code: 'INVALID', path: ['to'] })]);
  expect(await release(originator, id, end(20), soon)).toEqual([]);
  const { released = [], releases = [] } = (await stored(id)).envelope;
  expect([released.length, releases.length]).toEqual([20, 20]);
  expect(released.some((one) => one.until <= soon)).toBe(false);
});

test('revokes one of two releases that use the same grant', async () => {
  const id = await created(withField());
  await release(originator, id, { to: 'csirt-fr', fields: ['judgement'] });
  await release(originator, id, { to: 'csirt-fr' });
  const reader = await granted(french, id);
  expect(await reads(reader, id)).toEqual(both);
  const [first] = (await stored(id)).envelope.released ?? [];
  expect(await revoke(originator, id, { release: first?.id })).toEqual([]);
  expect(await reads(reader, id)).toEqual(onlyRecord);
  expect((await stored(id)).envelope).toMatchObject({
    releases: [first?.grant],
    released: [{ fields: null }],
  });
});

test('is made once for its key, and refused if it opens nothing more', async () => {
  const id = await created();
  const key = randomUUID();
  for (let time = 0; time < 2; time += 1)
    expect(await release(originator, id, { key, expectedVersion: 1 })).toEqual([]);
  const { released = [] } = (await stored(id)).envelope;
  expect(released.map(({ grant }) => grant)).toEqual([grantIdOf({ by: 'defence', to: 'csirt-pl', until })]);
  expect(await release(originator, id)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
});

test('names each field once, and never more than have a separate marking', async () => {
  const id = await created(withField());
  expect(await release(originator, id, { fields: ['judgement', 'judgement'] })).toEqual([]);
  expect((await stored(id)).envelope.released).toMatchObject([{ fields: ['judgement'] }]);
  const many = Array.from({ length: 1000 }, (_, at) => `field-${at}`);
  expect(await release(originator, id, { fields: many })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['fields'] }),
  ]);
});

test('is refused for what every reader reads, and revoked after the record was retracted', async () => {
  const open = await created({ marking: { tlp: 'CLEAR' }, audience: { reach: 'ANYONE' } });
  expect(await release(originator, open)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  const id = await created();
  await release(originator, id);
  const reader = await granted(polish, id);
  const { version } = (await stored(id)).envelope;
  const input = { key: randomUUID(), id, expectedVersion: version, reason: 'EXERCISE' };
  expect((await changesOf(originator).retract(input)).userErrors).toEqual([]);
  expect(await reads(reader, id)).toEqual(both);
  expect(await revoke(originator, id)).toEqual([]);
  expect(await reads(reader, id)).toEqual(neither);
});
