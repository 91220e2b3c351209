import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import {
  at,
  casesIn,
  certEu,
  coordinator,
  drafter,
  lead,
  leads,
  nameActor,
  officer,
  opening,
  polish,
  reading,
  reason,
  refusedAs,
  secondLead,
  stranger,
} from './case-of.ts';
import { askAt, makeMove, type Payload } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
  await nameActor(store);
});
afterAll(async () => await own.stop());

const { tryDraft, drafted, find, seen, move, opened, active, remove } = casesIn(() => store);

test('drafts a case for its organisation and the proposed lead only', async () => {
  const id = await drafted({ reading: null });
  const { envelope, workflow, progress } = await seen(drafter, id, '03T10:01');
  expect(envelope.audience.organisations.map((one) => one.id)).toEqual([
    'Organisation:csirt-fr',
    'Organisation:enisa',
  ]);
  expect([workflow, progress['state'], progress['drafter']]).toEqual(['DRAFT', 'DRAFT', 'csirt-fr']);
  expect(await find(polish, id, '03T10:01')).toBeNull();
});

test('refuses a draft of a wrong reader, and one that names a lead or leaves out the proposed lead', async () => {
  const police = { ...drafter, roles: ['police-officer'] } as Reader;
  expect((await tryDraft({}, {}, police)).userErrors).toEqual(refusedAs('NOT_ALLOWED'));
  const auditor = { ...drafter, roles: ['external-auditor', 'csirt-analyst'] } as Reader;
  await expect(tryDraft({}, {}, auditor)).rejects.toThrow('may not use');
  for (const given of [{ lead: 'csirt-fr' }, { phase: 'RESPONSE' }])
    expect((await tryDraft(given)).userErrors).toEqual(
      refusedAs('NOT_ALLOWED', { path: ['content', Object.keys(given)[0]] }),
    );
  expect((await tryDraft({}, { reading: reading(['csirt-fr']) })).userErrors).toEqual(
    refusedAs('INVALID', { message: expect.stringContaining('enisa') }),
  );
});

test.each([
  ['the alias tables', 'Sandworm', {}],
  ['the draft', 'Blue-Fox', { actors: ['Blue Fox'] }],
])('refuses a codename that is an actor of %s', async (_where, title, more) => {
  expect((await tryDraft({ title, ...more })).userErrors).toEqual(
    refusedAs('INVALID', { path: ['content', 'title'] }),
  );
});

test('discards a draft by its drafter, and never reopens it', async () => {
  const id = await drafted();
  expect(await move(polish, 'discard', id, '03T10:10', { reason })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(drafter, 'discard', id, '03T10:20', { reason })).toEqual([]);
  expect((await seen(drafter, id, '03T10:21')).workflow).toBe('CLOSED');
  expect(await move(coordinator, 'reopen', id, '03T10:30', { reason })).toEqual(refusedAs('WRONG_STATE'));
});

test('opens a case by a coordinator or the duty officer of the proposed lead, with its invitations', async () => {
  const id = await drafted();
  expect(await move(drafter, 'open', id, '03T11:00', opening)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(officer('csirt-fr', 'FR'), 'open', id, '03T11:00', opening)).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  expect(await move(officer('enisa'), 'open', id, '03T11:00', { ...opening, invited: ['enisa'] })).toEqual(
    refusedAs('INVALID', { path: ['invited'] }),
  );
  expect(await move(officer('enisa'), 'open', id, '03T11:00', opening)).toEqual([]);
  expect(await seen(drafter, id, '03T11:01')).toMatchObject({
    workflow: 'OPEN',
    lead: { id: 'Organisation:enisa' },
    nextReviewAt: opening.nextReviewAt,
    progress: { lead: 'enisa', invited: opening.invited, joined: ['enisa'] },
  });
});

test('invites nobody whom the marking does not let read the case, whatever spelling is used', async () => {
  const id = await drafted();
  for (const invited of [['csirt-pl', 'csirt-de'], ['Organisation:csirt-de']])
    expect(await move(coordinator, 'open', id, '03T11:00', { ...opening, invited })).toEqual(
      refusedAs('INVALID', { path: ['invited'], message: expect.stringContaining('release it to csirt-de') }),
    );
  expect(await move(coordinator, 'open', id, '03T11:00', { ...opening, lead: 'csirt-de' })).toEqual(
    refusedAs('INVALID', { path: ['lead'] }),
  );
  expect(await move(coordinator, 'open', id, '03T11:00', opening)).toEqual([]);
  const invite = { organisation: 'csirt-de', role: 'EXERCISE', purposes: ['incident-response'] };
  expect(await move(lead, 'invite', id, '03T11:10', invite)).toEqual(
    refusedAs('INVALID', { message: expect.stringContaining('release it to csirt-de') }),
  );
  expect(await find(stranger, id, '03T11:11')).toBeNull();
  expect(await move(polish, 'invite', id, '03T11:12', invite)).toEqual(refusedAs('NOT_ALLOWED'));
  const again = { ...invite, organisation: 'Organisation:csirt-pl' };
  expect(await move(lead, 'invite', id, '03T11:13', again)).toEqual(refusedAs('INVALID'));
});

test('moves a case through its states by the lead with the office only', async () => {
  const id = await opened();
  for (const other of [coordinator, polish, drafter])
    expect(await move(other, 'activate', id, '03T12:00', { reason })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'activate', id, '03T12:00', { reason })).toEqual([]);
  expect((await seen(drafter, id, '03T12:01')).nextReviewAt).toBe('2026-11-04T00:00:00.000Z');
  expect((await seen(drafter, id, '04T01:00')).progress['state']).toBe('REVIEW_OVERDUE');
  const review = { changed: reason, nextReviewAt: '2026-11-05T10:00:00.000Z' };
  expect(await move(lead, 'review', id, '04T02:00', review)).toEqual([]);
  expect(await move(lead, 'monitor', id, '04T03:00', { reason, wakes: reason })).toEqual([]);
  const early = {
    closingList: [reason],
    happenedAt: '2026-11-04T03:30:00.000Z',
    late: { reason, channel: 'telephone' },
  };
  // The participants learn of the closing when it is entered: their time to object must not have begun before.
  expect(await move(lead, 'beginClosing', id, '04T04:00', early)).toEqual(
    refusedAs('INVALID', { path: ['happenedAt'] }),
  );
  expect(await move(lead, 'beginClosing', id, '04T04:00', { closingList: [reason] })).toEqual([]);
  expect(await move(lead, 'resume', id, '04T05:00', { reason })).toEqual([]);
  expect(await move(lead, 'beginClosing', id, '04T06:00', { closingList: [reason] })).toEqual([]);
  const close = { summary: reason, review: 'none, because EXERCISE' };
  expect(await move(lead, 'close', id, '05T06:00', close)).toEqual(
    refusedAs('WRONG_STATE', { message: expect.stringContaining('2026-11-06T06:00:00.000Z') }),
  );
  expect(await move(lead, 'close', id, '06T06:00', close)).toEqual([]);
  expect((await seen(drafter, id, '06T06:01')).workflow).toBe('CLOSED');
  expect(await move(drafter, 'reopen', id, '06T07:00', { reason })).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(officer('enisa'), 'reopen', id, '06T07:00', { reason })).toEqual([]);
  expect((await seen(drafter, id, '06T07:01')).workflow).toBe('REOPENED');
});

test('is not closed while a participant objects, and another closing starts without objections', async () => {
  const id = await active();
  const close = { summary: reason, review: 'none, because EXERCISE' };
  const objection = { objection: reason, cure: reason };
  await move(lead, 'beginClosing', id, '04T06:00', { closingList: [reason] });
  expect(await move(certEu, 'objectClosing', id, '04T07:00', objection)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(drafter, 'agreeClosing', id, '04T07:00')).toEqual([]);
  expect(await move(polish, 'objectClosing', id, '04T07:30', objection)).toEqual([]);
  expect((await seen(drafter, id, '04T08:00')).progress).toMatchObject({
    objectedBy: ['csirt-pl'],
    agreedBy: ['csirt-fr'],
    silenceUntil: '2026-11-06T06:00:00.000Z',
  });
  expect(await move(lead, 'close', id, '06T06:00', close)).toEqual(
    refusedAs('WRONG_STATE', { message: expect.stringContaining('csirt-pl objects') }),
  );
  expect(await move(polish, 'agreeClosing', id, '06T06:00')).toEqual(refusedAs('WRONG_STATE'));
  expect(await move(lead, 'resume', id, '06T07:00', { reason })).toEqual([]);
  expect((await seen(drafter, id, '06T07:01')).progress).toMatchObject({
    objectedBy: null,
    agreedBy: null,
    silenceUntil: null,
  });
  await move(lead, 'beginClosing', id, '06T08:00', { closingList: [reason] });
  expect(await move(polish, 'agreeClosing', id, '06T09:00')).toEqual([]);
  expect(await move(lead, 'close', id, '08T08:00', close)).toEqual([]);
});

test('joins, declines, leaves and invites the participants again when it is reopened', async () => {
  const id = await active();
  expect(await move(polish, 'join', id, '03T12:20')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(certEu, 'leave', id, '03T12:20')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(certEu, 'declineInvitation', id, '03T12:20')).toEqual([]);
  expect((await seen(drafter, id, '03T12:21')).progress).toMatchObject({
    invited: [],
    joined: ['enisa', 'csirt-pl', 'csirt-fr'],
    declined: ['cert-eu'],
  });
  const invite = { organisation: 'cert-eu', role: reason, purposes: [reason] };
  expect(await move(lead, 'invite', id, '03T12:30', invite)).toEqual([]);
  expect((await seen(drafter, id, '03T12:31')).progress).toMatchObject({
    invited: ['cert-eu'],
    declined: [],
  });
  await move(lead, 'beginClosing', id, '04T06:00', { closingList: [reason] });
  await move(lead, 'close', id, '06T07:00', { summary: reason, review: reason });
  expect(await move(coordinator, 'reopen', id, '06T08:00', { reason })).toEqual([]);
  expect((await seen(drafter, id, '06T08:01')).progress).toMatchObject({
    lead: 'enisa',
    invited: ['cert-eu', 'csirt-pl', 'csirt-fr'],
    joined: ['enisa'],
  });
});

test('closes the case to an organisation that leaves', async () => {
  const id = await active();
  expect(await move(officer('enisa'), 'leave', id, '03T13:00')).toEqual(refusedAs('WRONG_STATE'));
  const left = {
    ...polish,
    offices: leads,
    roles: ['duty-officer', 'joint-coordinator', 'csirt-analyst'],
  } as Reader;
  expect(await move(left, 'leave', id, '03T13:00')).toEqual([]);
  expect(await find(left, id, '03T13:01')).toBeNull();
  for (const [name, input] of [
    ['leave', {}],
    ['reopen', { reason }],
  ] as const)
    expect(await move(left, name, id, '03T13:02', input)).toEqual(refusedAs('NOT_FOUND'));
  const { envelope, progress } = await seen(drafter, id, '03T13:03');
  expect(envelope.audience.organisations).not.toContainEqual({ id: 'Organisation:csirt-pl' });
  expect(progress).toMatchObject({ joined: ['enisa', 'csirt-fr'], left: ['csirt-pl'] });
});

test('removes an organisation by two persons of the lead, from the case and from its readers at once', async () => {
  const id = await active();
  const who = { organisation: 'csirt-pl', reason };
  expect(await move(certEu, 'remove', id, '03T13:00', who)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'remove', id, '03T13:00', { ...who, organisation: 'enisa' })).toEqual(
    refusedAs('INVALID'),
  );
  expect(await move(lead, 'remove', id, '03T13:00', { ...who, organisation: 'csirt-de' })).toEqual(
    refusedAs('INVALID'),
  );
  expect(
    await move(lead, 'remove', id, '03T13:00', { ...who, organisation: 'Organisation:csirt-pl' }),
  ).toEqual([]);
  expect((await seen(polish, id, '03T13:01')).progress).toMatchObject({ proposal: null });
  const proposal = (await seen(lead, id, '03T13:01')).progress.proposal?.id ?? '';
  expect(await move(lead, 'confirmProposed', id, '03T13:02', { proposal })).toEqual(
    refusedAs('NOT_ALLOWED', { message: expect.stringContaining('second person') }),
  );
  expect(await move(secondLead, 'confirmProposed', id, '03T13:02', { proposal })).toEqual([]);
  expect(await find(polish, id, '03T13:03')).toBeNull();
  expect(await move(polish, 'join', id, '03T13:04')).toEqual(refusedAs('NOT_FOUND'));
  expect((await seen(drafter, id, '03T13:05')).progress).toMatchObject({ left: ['csirt-pl'] });
  const invite = { organisation: 'csirt-pl', role: reason, purposes: [reason] };
  expect(await move(lead, 'invite', id, '03T13:06', invite)).toEqual(
    refusedAs('INVALID', { message: expect.stringContaining('release it to csirt-pl') }),
  );
});

test('keeps every move from an originator that was removed, although it still reads its record', async () => {
  const id = await active();
  await remove(id, 'csirt-fr', '03T13:0');
  const former = {
    ...officer('csirt-fr', 'FR'),
    roles: ['duty-officer', 'joint-coordinator', 'csirt-analyst'],
  } as Reader;
  expect((await seen(former, id, '03T13:05')).progress.possibleMoves).toEqual([]);
  expect(await move(former, 'join', id, '03T13:06')).toEqual(refusedAs('NOT_FOUND'));
});

test('passes the lead to a participant that takes it', async () => {
  const id = await active();
  const newLead = { ...polish, roles: ['csirt-analyst'], offices: leads } as Reader;
  const offer = { organisation: 'csirt-pl', note: reason };
  expect(await move(newLead, 'takeLead', id, '03T13:00')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'offerLead', id, '03T13:00', { ...offer, organisation: 'cert-eu' })).toEqual(
    refusedAs('INVALID', { message: expect.stringContaining('participant') }),
  );
  expect(await move(lead, 'offerLead', id, '03T13:00', offer)).toEqual([]);
  expect(await move(polish, 'takeLead', id, '03T13:01')).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(newLead, 'takeLead', id, '03T13:02')).toEqual([]);
  expect(await seen(drafter, id, '03T13:03')).toMatchObject({
    lead: { id: 'Organisation:csirt-pl' },
    progress: { lead: 'csirt-pl', offeredTo: null },
  });
  expect(await move(lead, 'monitor', id, '03T13:04', { reason, wakes: reason })).toEqual(
    refusedAs('NOT_ALLOWED'),
  );
  expect(await move(newLead, 'monitor', id, '03T13:04', { reason, wakes: reason })).toEqual([]);
});

test('sets the phase by the lead, with since and reason', async () => {
  const id = await active();
  const phase = { phase: 'RESPONSE', phaseSince: '2026-11-03T09:00:00.000Z', reason };
  expect(await move(polish, 'setPhase', id, '03T13:00', phase)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await move(lead, 'setPhase', id, '03T13:00', phase)).toEqual([]);
  expect(await seen(polish, id, '03T13:01')).toMatchObject({
    phase: 'RESPONSE',
    workflow: 'ACTIVE',
    progress: { phase: 'RESPONSE', phaseSince: phase.phaseSince },
  });
});

test('refuses changes by hand of the fields that moves change', async () => {
  const id = await opened();
  const update = `mutation U($input: UpdateJointCaseRecordInput!) {
    updateJointCaseRecord(input: $input) { userErrors { code path } }
  }`;
  const { envelope } = await seen(drafter, id, '03T11:01');
  for (const content of [
    { workflow: 'CLOSED' },
    { lead: 'csirt-fr' },
    { phase: 'RECOVERY' },
    { title: 'Sandworm' },
    { nextReviewAt: '2027-11-03T09:00:00.000Z' },
  ]) {
    const input = { key: randomUUID(), id, expectedVersion: envelope.version, content };
    const answer = await askAt<Payload>({ store, reader: drafter, now: at('03T11:02') }, update, { input });
    expect(answer.userErrors).toEqual([
      { code: 'NOT_ALLOWED', path: ['content', Object.keys(content)[0] ?? ''] },
    ]);
  }
});

test('answers every move of an organisation outside the case as for nothing', async () => {
  const id = await active();
  const nothing = 'JointCaseRecord:00000000-0000-4000-8000-000000000000';
  const moves: readonly (readonly [string, object])[] = [
    ['join', {}],
    ['leave', {}],
    ['takeLead', {}],
    ['reopen', { reason }],
    ['invite', { organisation: 'csirt-pl', role: reason, purposes: [reason] }],
  ];
  for (const [name, input] of moves) {
    const errors = async (of: string) =>
      (
        await makeMove({ store, reader: stranger, now: at('03T13:00') }, 'JointCaseRecord', name, {
          id: of,
          ...input,
        })
      ).userErrors;
    expect(await errors(id)).toEqual(await errors(nothing));
  }
});
