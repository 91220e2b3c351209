import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../../schema/protocol/reader.ts';
import type { Released } from '../../../../schema/record/envelope.ts';
import { grantClassOf } from '../../../../schema/record/release.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { releasesSeenBy } from '../../../../subgraphs/serve/changes/release-steps.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { inWriteTransaction, writeRecords } from '../../../../subgraphs/serve/store/write.ts';
import { movesIn } from '../../../../subgraphs/serve/workflow/progress-store.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { french, now, polish } from './assessments-in.ts';
import {
  both,
  coded,
  colleague,
  days,
  forPerson,
  named,
  neither,
  onScreen,
  own,
  proposalsIn,
  proposer,
  red,
  refusedWith,
  second,
  until,
  withRedField,
} from './proposals-in.ts';

/** Two persons of the originator release RED to one named person, and H1 and H2 to an organisation (W9a). */

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const { changesOf, stored, granted, versionOf, mark, created, propose, act, reads, stateOf } = proposalsIn(
  () => place,
);

test('releases RED to one named person on screen once a second person has confirmed, until the end', async () => {
  const id = await created(red);
  expect(await propose(proposer, id, forPerson)).toEqual([]);
  expect(await reads(named, id)).toEqual(neither);
  expect(await stateOf(id)).toEqual({
    state: 'PROPOSED',
    person: named.subject,
    proposedAt: now,
    confirmBy: days(7),
    confirmedAt: null,
  });
  expect(await act('confirm', second, id)).toEqual([]);
  expect(await reads(named, id)).toEqual(both);
  expect(await stateOf(id)).toMatchObject({ state: 'ACTIVE', confirmedAt: now });
  for (const reader of [colleague, { ...named, onScreen: false }, { ...french, ...onScreen }, polish])
    expect(await reads(reader, id)).toEqual(neither);
  expect(await reads({ ...named, client: 'machine', onScreen: false }, id)).toEqual(neither);
  expect(await reads(named, id, until)).toEqual(neither);
  expect(await stateOf(id, until)).toMatchObject({ state: 'ENDED' });
});

test('gives the person no search, and nothing by a grant of another class', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  await act('confirm', second, id);
  const { envelope } = await stored(id);
  const reader = await granted(named, id);
  const may = (one: Reader, action: 'read' | 'search' | 'subscribe' | 'export') =>
    policy.may(policy.accessOf(one, now), action, 'DefenceAssessment', 'content', envelope);
  expect(may(reader, 'read')).toBe(true);
  for (const action of ['search', 'subscribe', 'export'] as const) expect(may(reader, action)).toBe(false);
  const [grant] = reader.grants;
  expect(grantClassOf(grant?.id ?? '')).toBe('confirmed');
  for (const releases of [['standing'], ['emergency.1']]) {
    const other = { ...envelope, releases };
    const held = { ...named, grants: releases.map((one) => ({ ...grant, id: one })) } as Reader;
    const decided = policy.decideRow(other, 'DefenceAssessment', policy.accessOf(held, now));
    expect(decided === null).toBe(releases[0] === 'standing');
  }
});

test('changes neither the version nor the time of the record by a proposal or its withdrawal', async () => {
  const id = await created(red);
  const { envelope: before, ...rest } = await stored(id);
  await propose(proposer, id, forPerson);
  const { envelope: after, ...same } = await stored(id);
  expect({ ...after, released: [] }).toEqual({ ...before, released: [] });
  expect(same).toEqual(rest);
  expect(await act('end', second, id)).toEqual([]);
  expect(await stored(id)).toEqual({ ...rest, envelope: before });
});

test('is confirmed by another person with the same right, once', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  const refused: readonly [Reader, readonly object[]][] = [
    [proposer, refusedWith('NOT_ALLOWED', 'release')],
    [{ ...proposer, roles: ['duty-officer'] }, refusedWith('NOT_ALLOWED', 'release')],
    [{ ...second, onScreen: false }, refusedWith('NOT_FOUND', 'id')],
    [{ ...second, client: 'machine', onScreen: false }, refusedWith('NOT_FOUND', 'id')],
    // A person of the originator whom the RED record does not name.
    [{ ...second, subject: 'o-3' }, refusedWith('NOT_FOUND', 'id')],
    [named, refusedWith('NOT_FOUND', 'id')],
  ];
  for (const [reader, errors] of refused) expect(await act('confirm', reader, id)).toEqual(errors);
  expect(await act('confirm', second, id, now, { release: 'none' })).toEqual(
    refusedWith('INVALID', 'release'),
  );
  expect(await act('confirm', second, id, now, { reason: ' ' })).toEqual(refusedWith('INVALID', 'reason'));
  expect(await reads(named, id)).toEqual(neither);
  expect(await act('confirm', second, id)).toEqual([]);
  expect(await act('confirm', second, id)).toEqual(refusedWith('CLOSED', 'release'));
});

test('lapses after seven days: nobody confirms or withdraws it, and the next proposal takes its place', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  const [last, over] = [new Date(days(7).getTime() - 1), days(7)];
  expect(await stateOf(id, last)).toMatchObject({ state: 'PROPOSED' });
  expect(await stateOf(id, over)).toMatchObject({ state: 'LAPSED' });
  expect(await act('confirm', second, id, over)).toEqual(refusedWith('CLOSED', 'release'));
  expect(await act('end', second, id, over)).toEqual(refusedWith('CLOSED', 'release'));
  expect(await reads(named, id, over)).toEqual(neither);
  expect(await propose(proposer, id, forPerson, over)).toEqual([]);
  expect((await stored(id)).envelope.released).toMatchObject([{ proposal: { at: over } }]);
  expect(await act('confirm', second, id, over)).toEqual([]);
});

test('can be confirmed until its own end at most', async () => {
  const id = await created(red);
  await propose(proposer, id, { ...forPerson, until: days(2) });
  expect(await stateOf(id)).toMatchObject({ confirmBy: days(2) });
  expect(await act('confirm', second, id, days(2))).toEqual(refusedWith('CLOSED', 'release'));
});

test('is withdrawn by each of the two persons, and opens nothing after that', async () => {
  for (const reader of [proposer, second]) {
    const id = await created(red);
    await propose(proposer, id, forPerson);
    const { released: [one] = [] } = (await stored(id)).envelope;
    expect(await act('end', { ...reader, onScreen: false }, id)).toEqual(refusedWith('NOT_FOUND', 'id'));
    expect(await act('end', reader, id)).toEqual([]);
    expect(await act('confirm', second, id, now, { release: one?.id })).toEqual(
      refusedWith('INVALID', 'release'),
    );
    expect((await stored(id)).envelope.released).toBeUndefined();
  }
});

test('is revoked after it was confirmed, at once', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  await act('confirm', second, id);
  expect(await reads(named, id)).toEqual(both);
  const reader = await granted(named, id);
  expect(await act('end', proposer, id)).toEqual([]);
  const { envelope } = await stored(id);
  expect(policy.decideRow(envelope, 'DefenceAssessment', policy.accessOf(reader, now))).toBeNull();
});

test('releases H1 and H2 to the persons of an organisation', async () => {
  for (const codes of [['H1'], ['H0', 'H2'], ['H1', 'H2']] as const) {
    const id = await created(coded(...codes));
    expect(await propose({ ...proposer, onScreen: false }, id)).toEqual([]);
    expect(await reads(polish, id)).toEqual(neither);
    expect(await act('confirm', proposer, id)).toEqual(refusedWith('NOT_ALLOWED', 'release'));
    expect(await act('confirm', { ...second, onScreen: false }, id)).toEqual([]);
    for (const reader of [polish, colleague]) expect(await reads(reader, id)).toEqual(both);
    expect(await reads({ ...polish, client: 'machine' }, id)).toEqual(neither);
    expect(await reads(french, id)).toEqual(neither);
  }
});

test('releases a RED field to one person who reads the record, and the record not with it', async () => {
  const id = await created(withRedField);
  const fields = ['judgement'];
  expect(await propose({ ...proposer, onScreen: false }, id, { ...forPerson, fields })).toEqual(
    refusedWith('INVALID', 'fields'),
  );
  expect(await propose(proposer, id, { ...forPerson, fields })).toEqual([]);
  // A colleague from whom the field is hidden does not see that there is a proposal.
  expect(await act('confirm', { ...second, onScreen: false }, id)).toEqual(refusedWith('INVALID', 'release'));
  expect(await reads(named, id)).toEqual({ record: true, judgement: false });
  expect(await act('confirm', second, id)).toEqual([]);
  expect(await reads(named, id)).toEqual(both);
  expect(await reads(colleague, id)).toEqual({ record: true, judgement: false });
});

test('ends with a new marking, whether it was confirmed or not', async () => {
  for (const isConfirmed of [false, true]) {
    const id = await created(coded('H1'));
    await propose(proposer, id);
    if (isConfirmed) await act('confirm', second, id);
    const reader = await granted(polish, id);
    const { released: [one] = [] } = (await stored(id)).envelope;
    expect(await mark(id, coded('H1', 'H2'))).toEqual([]);
    expect(await act('confirm', second, id, now, { release: one?.id })).toEqual(refusedWith('INVALID'));
    const { envelope } = await stored(id);
    expect(envelope.released).toBeUndefined();
    expect(policy.decideRow(envelope, 'DefenceAssessment', policy.accessOf(reader, now))).toBeNull();
  }
});

test('opens nothing while other releases of the record, its audience and the clock change', async () => {
  const organisations = [...own.organisations, 'enisa'];
  const id = await created({ ...coded('H1'), audience: { ...own, organisations } });
  await propose(proposer, id);
  await propose(proposer, id, { to: 'csirt-fr' });
  const { released = [] } = (await stored(id)).envelope;
  const other = released.find(({ to }) => to === 'csirt-fr');
  expect(await act('confirm', second, id, now, { release: other?.id })).toEqual([]);
  expect([await reads(french, id), await reads(polish, id)]).toEqual([both, neither]);
  expect(await mark(id, coded('H1'))).toEqual([]);
  expect([await reads(french, id), await reads(polish, id)]).toEqual([both, neither]);
  expect(await reads(polish, id, days(8))).toEqual(neither);
});

test('stays proposed through a change of the content, which opens nothing', async () => {
  const id = await created(coded('H1'));
  await propose(proposer, id);
  const content = { missionImpact: 'NONE' };
  const input = { key: randomUUID(), id, expectedVersion: await versionOf(id), content };
  expect((await changesOf(proposer).update('DefenceAssessment', input)).userErrors).toEqual([]);
  expect(await reads(polish, id)).toEqual(neither);
  expect(await act('confirm', second, id)).toEqual([]);
  expect(await reads(polish, id)).toEqual(both);
});

/** Returns another end for each number. */
const end = (at: number) => ({ until: new Date(until.getTime() + at * 1000) });

test('stops no other release, however many wait, and goes when it lapses', async () => {
  const id = await created(coded('H1'));
  for (let at = 0; at < 21; at += 1) {
    const person = { ...proposer, subject: `o-${10 + Math.floor(at / 3)}` };
    expect(await propose(person, id, end(at))).toEqual([]);
  }
  expect(await propose(proposer, id, end(21), days(7))).toEqual([]);
  expect((await stored(id)).envelope.released).toHaveLength(1);
});

test('is not confirmed if 20 releases of the record run', async () => {
  const id = await created(coded('H1'));
  for (let at = 0; at < 21; at += 1)
    await propose({ ...proposer, subject: `o-${10 + Math.floor(at / 3)}` }, id, end(at));
  const outcomes: unknown[] = [];
  for (const { id: release } of (await stored(id)).envelope.released ?? [])
    outcomes.push(await act('confirm', second, id, now, { release }));
  expect(outcomes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => []));
  expect(outcomes[20]).toEqual(refusedWith('INVALID', 'release'));
});

test('is shown to the originator only, and is made once for its key', async () => {
  const id = await created(red);
  const key = randomUUID();
  for (let time = 0; time < 2; time += 1)
    expect(await propose(proposer, id, { ...forPerson, key })).toEqual([]);
  const { envelope } = await stored(id);
  const seen = (reader: Reader): readonly Released[] =>
    releasesSeenBy(policy.accessOf(reader, now), envelope, new Set());
  expect(seen(second)).toHaveLength(1);
  for (const reader of [named, french, readerOf({ organisation: 'enisa' })]) expect(seen(reader)).toEqual([]);
});

test('keeps each act with its person, values and time', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  await act('end', second, id);
  await propose(proposer, id, forPerson);
  await act('confirm', second, id, days(1));
  const acts = await movesIn(place.store).find({ record: id }).sort({ _id: 1 }).toArray();
  const { subject: by } = proposer;
  const proposed = { to: 'csirt-pl', until, purpose: 'EXERCISE', proposal: { person: named.subject, by } };
  expect(acts).toMatchObject([
    { workflow: 'grant', move: 'propose', by: { subject: by }, to: 'proposed', input: proposed },
    { move: 'withdraw', by: { subject: second.subject }, from: 'proposed', input: { reason: 'EXERCISE' } },
    { move: 'propose', by: { subject: by } },
    { move: 'confirm', by: { subject: second.subject }, to: 'active', recordedAt: days(1) },
  ]);
});

test('is not undone by an import that read the record before the withdrawal', async () => {
  const id = await created(red);
  await propose(proposer, id, forPerson);
  const before = await stored(id);
  expect(await act('end', second, id)).toEqual([]);
  const { version } = before.envelope;
  const record = { ...before, envelope: { ...before.envelope, version: version + 1 } };
  const write = { kind: 'DefenceAssessment', record, before: before.envelope, keys: [] };
  const options = { ms: 10_000, writeConcern: { w: 'majority' } } as const;
  const written = inWriteTransaction(place.store, assignKeysBy(policy), options, async (session) => {
    const by = { session, keyPolicy: policy, now };
    await writeRecords(place.store, [{ ...write, unlisted: new Set() }], by);
  });
  await expect(written).rejects.toThrow('a record was changed meanwhile');
  expect((await stored(id)).envelope.released).toBeUndefined();
});
