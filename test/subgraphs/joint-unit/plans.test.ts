import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { createLog } from '../../../schema/runtime/log.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const until = '2028-01-01T00:00:00.000Z';
const holds = (office: string) => ({ offices: [{ office, until }] });
const editor = readerOf({
  organisation: 'enisa',
  subject: 'e-1',
  roles: ['network-secretariat'],
  ...holds('editor'),
});
const secondEditor = { ...editor, subject: 'e-2' };
const chair = readerOf({
  organisation: 'csirt-fr',
  subject: 'f-1',
  roles: ['csirt-analyst'],
  ...holds('csirts-network-chair'),
});
const head = readerOf({
  organisation: 'cert-eu',
  subject: 'c-1',
  roles: ['cert-eu-analyst'],
  ...holds('cert-eu-head'),
});
const polish = readerOf({
  organisation: 'crisis-pl',
  subject: 'p-1',
  roles: ['cyclone-officer'],
  memberState: 'PL',
});
const polishSecond = { ...polish, subject: 'p-2' };
const french = readerOf({
  organisation: 'crisis-fr',
  subject: 'f-9',
  roles: ['cyclone-officer'],
  memberState: 'FR',
});

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const audience = { reach: 'NAMED', organisations: ['enisa', 'csirt-fr', 'cert-eu', 'crisis-pl'] };
const reading = { marking: { tlp: 'AMBER' }, audience };

async function tryDraft(reader: Reader, content: object = {}, time = '03T10:00') {
  return await makeMove({ store, reader, now: at(time) }, 'ResponsePlan', 'draft', {
    content: {
      title: { value: 'EXERCISE: plan', lang: 'en' },
      kind: 'EU',
      basis: 'EXERCISE',
      ...content,
    },
    reading,
  });
}

async function draft(reader: Reader, content: object = {}, time = '03T10:00'): Promise<string> {
  const { record, userErrors } = await tryDraft(reader, content, time);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

const query = `query Q($id: ID!) {
  responsePlan(id: $id) {
    envelope { version }
    approvedBy { id }
    reportedToCommissionAndCyCLONeAt
    progress { state approvedBy inForceFrom reportDueAt lastExercised proposal { id }
      moves { id move by { id } } }
  }
}`;

type Shown = {
  readonly envelope: { readonly version: number };
  readonly approvedBy: readonly { readonly id: string }[] | null;
  readonly progress: {
    readonly state: string;
    readonly reportDueAt: string | null;
    readonly proposal: { readonly id: string } | null;
    readonly moves: readonly { readonly id: string; readonly move: string }[];
  };
};

async function find(reader: Reader, id: string, time = '04T10:00'): Promise<Shown | null> {
  return await askAt<Shown | null>({ store, reader, now: at(time) }, query, { id });
}

const stateAt = async (id: string, time: string) => (await find(editor, id, time))?.progress.state;

async function move(reader: Reader, name: string, id: string, input: object = {}, time = '04T10:00') {
  const expectedVersion = (await find(editor, id, time))?.envelope.version;
  const given = { id, expectedVersion, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'ResponsePlan', name, given)).userErrors;
}

async function made(reader: Reader, name: string, id: string, input: object = {}, time = '04T10:00') {
  expect(await move(reader, name, id, input, time)).toEqual([]);
}

const submitted = {
  changes: 'EXERCISE',
  consulted: ['csirt-fr', 'cert-eu'],
  commentsUntil: '2026-11-10T10:00:00.000Z',
};
const toApproval = {
  approvers: ['csirt-fr', 'cert-eu'],
  mode: 'EACH',
  approveUntil: '2026-11-12T10:00:00.000Z',
};
const blocking = { section: '2', text: 'EXERCISE', weight: 'BLOCKING' };
const invalid = (name: string) => [expect.objectContaining({ code: 'INVALID', path: [name] })];
const force = { runningChecklists: 'EXERCISE' };

async function approved(reader = editor, content: object = {}): Promise<string> {
  const id = await draft(reader, content);
  await made(reader, 'submit', id, submitted);
  await made(reader, 'toApproval', id, toApproval);
  await made(chair, 'approve', id);
  await made(head, 'approve', id, { reservation: 'EXERCISE' });
  return id;
}

async function inForce(id: string, [first, second] = [editor, secondEditor]): Promise<void> {
  await made(first, 'force', id, force, '13T10:00');
  const proposal = (await find(first, id, '13T10:00'))?.progress.proposal?.id;
  await made(second, 'confirmProposed', id, { proposal }, '13T11:00');
}

const log = createLog('test', 'error');

async function fireAll(now: Date): Promise<void> {
  while ((await fireDue(store, workflowRulesOf('joint-unit'), now, log)).tried > 0);
}

test('lets only the editor of each kind of plan draft it, a national one only for the own Member State', async () => {
  const notAllowed = [expect.objectContaining({ code: 'NOT_ALLOWED' })];
  expect((await tryDraft(chair)).userErrors).toEqual(notAllowed);
  expect((await tryDraft({ ...editor, offices: [] })).userErrors).toEqual(notAllowed);
  expect((await tryDraft(editor, { kind: 'NATIONAL', memberState: 'FR' })).userErrors).toEqual(notAllowed);
  expect((await tryDraft(polish, { kind: 'NATIONAL', memberState: 'FR' })).userErrors).toEqual(notAllowed);
  await draft(polish, { kind: 'NATIONAL', memberState: 'PL' });
});

test('freezes the text while others comment on it and approve it', async () => {
  const id = await draft(editor);
  const update = `mutation M($input: UpdateResponsePlanInput!) {
    updateResponsePlan(input: $input) { userErrors { code message } }
  }`;
  const change = async (content: object, now = at('04T11:00')) => {
    const expectedVersion = (await find(editor, id))?.envelope.version;
    const input = { key: `k-${Math.random()}`, id, expectedVersion, content };
    return (await askAt<{ userErrors: unknown }>({ store, reader: editor, now }, update, { input }))
      .userErrors;
  };
  expect(await change({ objectives: ['EXERCISE'] })).toEqual([]);
  expect(await change({ lastExercised: '2026-11-01T00:00:00.000Z' })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  await made(editor, 'submit', id, submitted);
  expect(await change({ objectives: ['EXERCISE: other'] })).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', message: expect.stringContaining('draft') }),
  ]);
  await made(editor, 'redraft', id, { reason: 'EXERCISE' });
  expect(await change({ objectives: ['EXERCISE: other'] })).toEqual([]);
});

test('keeps a plan in consultation while a blocking comment is open', async () => {
  const id = await draft(editor);
  await made(editor, 'submit', id, submitted);
  await made(chair, 'comment', id, blocking);
  await made(head, 'comment', id, { ...blocking, weight: 'EDITORIAL' });
  const comment = (await find(editor, id))?.progress.moves.find((one) => one.move === 'comment')?.id ?? '';
  expect(await move(editor, 'toApproval', id, toApproval)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', message: expect.stringContaining(comment) }),
  ]);
  const answer = { comment, answer: 'NOT_ACCEPTED', reason: 'EXERCISE' };
  expect(await move(editor, 'resolve', id, { ...answer, comment: 'none' })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['comment'] }),
  ]);
  await made(editor, 'resolve', id, answer);
  expect(await move(editor, 'toApproval', id, toApproval)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
  await made(editor, 'resolve', id, { ...answer, reservation: true });
  await made(editor, 'toApproval', id, toApproval);
  await made(editor, 'redraft', id, { reason: 'EXERCISE' });
  await made(editor, 'submit', id, submitted);
  expect(await move(editor, 'resolve', id, answer)).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['comment'] }),
  ]);
});

test('takes comments from addressees only, and until the end of the consultation', async () => {
  const id = await draft(editor);
  await made(editor, 'submit', id, { ...submitted, consulted: ['csirt-fr'] });
  expect(await move(head, 'comment', id, blocking)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  await made(chair, 'comment', id, blocking, '10T09:59');
  expect(await move(chair, 'comment', id, blocking, '10T10:00')).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
});

test('is approved with the last approval; a refusal makes it a draft, and every approval falls', async () => {
  const id = await approved();
  expect(await find(editor, id)).toMatchObject({
    approvedBy: [{ id: 'Organisation:csirt-fr' }, { id: 'Organisation:cert-eu' }],
    progress: { state: 'APPROVED', approvedBy: ['csirt-fr', 'cert-eu'] },
  });
  const other = await draft(editor);
  await made(editor, 'submit', other, submitted);
  await made(editor, 'toApproval', other, toApproval);
  await made(chair, 'approve', other);
  await made(head, 'refuse', other, { reason: 'EXERCISE' });
  expect(await find(editor, other)).toMatchObject({
    approvedBy: [],
    progress: { state: 'DRAFT', approvedBy: null },
  });
});

test('does not count a person without the office as an approver, nor another organisation', async () => {
  const id = await draft(editor);
  await made(editor, 'submit', id, submitted);
  await made(editor, 'toApproval', id, { ...toApproval, approvers: ['csirt-fr'] });
  for (const reader of [{ ...chair, offices: [] }, head, editor])
    expect(await move(reader, 'approve', id)).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
});

test.each([
  ['EACH', 'APPROVAL'],
  ['SILENCE', 'APPROVED'],
])('counts silence as approval only in the mode for it: %s', async (mode, state) => {
  const id = await draft(editor);
  await made(editor, 'submit', id, submitted);
  await made(editor, 'toApproval', id, { ...toApproval, mode });
  await made(chair, 'approve', id);
  await fireAll(at('12T09:59'));
  expect(await stateAt(id, '12T09:59')).toBe('APPROVAL');
  await fireAll(at('12T10:00'));
  expect(await stateAt(id, '12T10:00')).toBe(state);
});

test('takes no time for comments or for silence that is over before the others learn of it', async () => {
  const id = await draft(editor);
  const late = {
    happenedAt: '2026-11-04T09:00:00.000Z',
    late: { reason: 'EXERCISE', channel: 'telephone' },
  };
  expect(await move(editor, 'submit', id, { ...submitted, ...late })).toEqual(invalid('happenedAt'));
  await made(editor, 'submit', id, submitted);
  expect(await move(editor, 'toApproval', id, { ...toApproval, ...late })).toEqual(invalid('happenedAt'));
  const short = { ...toApproval, mode: 'SILENCE', approveUntil: '2026-11-06T09:59:00.000Z' };
  expect(await move(editor, 'toApproval', id, short)).toEqual(invalid('approveUntil'));
  await made(editor, 'toApproval', id, { ...short, approveUntil: '2026-11-06T10:00:00.000Z' });
});

test('comes into force by two persons, and supersedes the version that it replaces at that instant', async () => {
  const first = await approved();
  await inForce(first);
  expect((await find(editor, first, '13T12:00'))?.progress).toMatchObject({
    state: 'IN_FORCE',
    inForceFrom: '2026-11-13T11:00:00.000Z',
  });
  const second = await approved(editor, { parent: first });
  const rival = await approved(editor, { parent: first });
  await inForce(second);
  expect([await stateAt(first, '13T12:00'), await stateAt(second, '13T12:00')]).toEqual([
    'SUPERSEDED',
    'IN_FORCE',
  ]);
  expect((await find(editor, first, '13T12:00'))?.progress.moves.at(-1)).toMatchObject({
    move: 'supersede',
    by: null,
  });
  expect(await move(editor, 'force', rival, force, '13T12:00')).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
});

test('replaces no plan of another editor, kind or Member State, and says the same for one that does not exist', async () => {
  const plan = await approved();
  const expected = [expect.objectContaining({ code: 'INVALID', path: ['content', 'parent'] })];
  const national = { kind: 'NATIONAL', memberState: 'PL' };
  const refused = await tryDraft(polish, { ...national, parent: plan });
  expect(refused.userErrors).toEqual(expected);
  const missing = 'ResponsePlan:00000000-0000-4000-8000-000000000000';
  expect((await tryDraft(polish, { ...national, parent: missing })).userErrors).toEqual(refused.userErrors);
  const joint = { ...editor, organisation: 'eu-coordination', roles: ['joint-coordinator'] };
  expect((await tryDraft(joint, { parent: plan })).userErrors).toEqual(expected);
});

test('reports a national plan within three months, by its own Member State', async () => {
  const id = await draft(polish, { kind: 'NATIONAL', memberState: 'PL' });
  const adopted = { adoptedAt: '2026-11-01T00:00:00.000Z', body: 'EXERCISE', reference: 'EXERCISE' };
  expect(await move({ ...polish, roles: ['csirt-analyst'] }, 'adopt', id, adopted)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  await made(polish, 'adopt', id, adopted);
  // Three months after 4 November end with the last hour of 4 February.
  expect((await find(polish, id))?.progress).toMatchObject({
    state: 'APPROVED',
    reportDueAt: expect.stringMatching(/^2027-02-0[45]T/u),
  });
  const report = { reportedToCommissionAndCyCLONeAt: '2026-11-20T00:00:00.000Z' };
  expect(await move(french, 'report', id, report, '20T10:00')).toEqual([
    expect.objectContaining({ code: 'NOT_FOUND' }),
  ]);
  expect(await move(polish, 'report', id, report, '19T10:00')).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['reportedToCommissionAndCyCLONeAt'] }),
  ]);
  await made(polish, 'report', id, { ...report, withheldParts: ['EXERCISE'] }, '20T10:00');
  expect(await find(polish, id, '20T11:00')).toMatchObject({ ...report });
  await inForce(id, [polish, polishSecond]);
});

test('withdraws a plan once each of its approvers did', async () => {
  const id = await approved();
  await inForce(id);
  const withdrawal = { reason: 'EXERCISE', replacement: 'EXERCISE' };
  await made(chair, 'withdraw', id, withdrawal, '14T10:00');
  await made(chair, 'withdraw', id, withdrawal, '14T10:05');
  expect(await stateAt(id, '14T11:00')).toBe('IN_FORCE');
  await made(head, 'withdraw', id, withdrawal, '14T11:00');
  expect(await stateAt(id, '14T11:01')).toBe('WITHDRAWN');
});

test('shows neither a plan nor its moves to an organisation that may not read it', async () => {
  const id = await approved();
  expect(await find(french, id)).toBeNull();
  expect(await progressIn(store).countDocuments({ _id: id })).toBe(1);
});
