import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { linksOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race } from '../../helpers/race.ts';
import { readerOf } from '../../helpers/records.ts';
import { at, lead, leads, officer, opening, reading, reason, refusedAs, stranger } from './case-of.ts';
import { namesOf, noticesOf } from './inbox-of.ts';
import { askAt, makeMove } from './moves-of.ts';

/** The merge of two joint cases: both leads agree, and nobody gains a record or learns of a case by it. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

/** The lead of the surviving case, and a participant of one case each. */
const otherLead = readerOf({
  organisation: 'cert-eu',
  subject: 'c',
  roles: ['joint-coordinator'],
  offices: leads,
});
const ofMerged = officer('csirt-pl', 'PL');
const ofSurviving = officer('csirt-ee', 'EE');
const titles = { merged: 'EXERCISE Blue Heron', surviving: 'EXERCISE Red Kite' };

type Shown = Readonly<Record<string, unknown>> & {
  readonly envelope: { readonly version: number; readonly audience: object };
  readonly progress: Readonly<Record<string, unknown>> & {
    readonly moves: readonly { readonly move: string; readonly values: readonly object[] }[];
  };
};

const query = `query Q($id: ID!) { jointCaseRecord(id: $id) {
  id envelope { version audience { organisations { id } } } title workflow
  mergeProposed { id } mergedInto { id title } mergedFrom { id title case { id } }
  progress { state lead joined invited moves { move by { id } values { name values } } }
} }`;

async function shown(reader: Reader, id: string, time = '03T15:00'): Promise<Shown | null> {
  return await askAt({ store, reader, now: at(time) }, query, { id });
}

async function seen(reader: Reader, id: string, time = '03T15:00'): Promise<Shown> {
  const found = await shown(reader, id, time);
  if (found === null) throw new Error('expected a case that the reader may see');
  return found;
}

const versionOf = async (reader: Reader, id: string): Promise<number> =>
  (await shown(reader, id))?.envelope.version ?? 1;

async function move(reader: Reader, name: string, id: string, input: object = {}, time = '03T14:00') {
  const given = { id, expectedVersion: await versionOf(reader, id), ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'JointCaseRecord', name, given)).userErrors;
}

async function opened(by: Reader, given: { title: string; joint: string; readers: readonly string[] }) {
  const { organisation } = by;
  const { record, userErrors } = await makeMove(
    { store, reader: by, now: at('03T10:00') },
    'JointCaseRecord',
    'draft',
    {
      content: { case: given.joint, title: given.title },
      why: reason,
      proposedLead: organisation,
      reading: reading([organisation, ...given.readers]),
    },
  );
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  const [first = ''] = given.readers;
  const input = { ...opening, lead: organisation, invited: [first] };
  expect(await move(by, 'open', id, input, '03T11:00')).toEqual([]);
  return id;
}

/** Two open cases, each with a participant that may not read the other one. */
async function twoCases() {
  const merged = await opened(lead, {
    title: titles.merged,
    joint: 'JC-2026-0011',
    readers: ['csirt-pl', 'cert-eu'],
  });
  const surviving = await opened(otherLead, {
    title: titles.surviving,
    joint: 'JC-2026-0012',
    readers: ['csirt-ee', 'enisa'],
  });
  expect(await move(ofMerged, 'join', merged, {}, '03T12:00')).toEqual([]);
  expect(await move(ofSurviving, 'join', surviving, {}, '03T12:00')).toEqual([]);
  return { merged, surviving };
}

async function propose(merged: string, surviving: string, by = lead) {
  return await move(by, 'proposeMerge', merged, { surviving, reason });
}

async function agree(surviving: string, merged: string, by = otherLead, more: object = {}) {
  const mergedVersion = await versionOf(by, merged);
  return await move(by, 'agreeMerge', surviving, { merged, mergedVersion, ...more });
}

async function names(reader: Reader, id: string): Promise<readonly string[]> {
  return namesOf(await noticesOf(store, reader, at('03T15:00'), id));
}

async function mergedCases() {
  const cases = await twoCases();
  expect(await propose(cases.merged, cases.surviving)).toEqual([]);
  expect(await agree(cases.surviving, cases.merged)).toEqual([]);
  return cases;
}

test('merges a case when both leads made their move, and names the other case to those who read both', async () => {
  const { merged, surviving } = await twoCases();
  expect(await propose(merged, surviving)).toEqual([]);
  expect(await seen(otherLead, merged)).toMatchObject({ workflow: 'OPEN', mergeProposed: { id: surviving } });
  expect(await agree(surviving, merged)).toEqual([]);
  for (const reader of [lead, otherLead]) {
    expect(await seen(reader, merged)).toMatchObject({
      workflow: 'MERGED_INTO',
      mergeProposed: null,
      mergedInto: { id: surviving, title: titles.surviving },
      progress: { state: 'MERGED_INTO' },
    });
    expect(await seen(reader, surviving)).toMatchObject({
      workflow: 'OPEN',
      mergedFrom: [{ id: merged, title: titles.merged, case: { id: 'JointCase:JC-2026-0011' } }],
    });
  }
});

test('leaves audiences and participants of both cases as they were', async () => {
  const { merged, surviving } = await twoCases();
  const kept = async () => {
    const cases = [await seen(lead, merged), await seen(otherLead, surviving)];
    return cases.map(({ envelope, progress: { lead: by, joined, invited } }) => [
      envelope.audience,
      by,
      joined,
      invited,
    ]);
  };
  const before = await kept();
  await propose(merged, surviving);
  await agree(surviving, merged);
  expect(await kept()).toEqual(before);
  expect(await shown(ofMerged, surviving)).toBeNull();
  expect(await shown(ofSurviving, merged)).toBeNull();
  expect(await shown(stranger, surviving)).toBeNull();
});

test('shows a participant of one case nothing of the other: no id, no title, no joint case, no version', async () => {
  const { merged, surviving } = await mergedCases();
  for (const [reader, ownCase, secrets] of [
    [ofMerged, merged, [surviving, titles.surviving, 'JC-2026-0012', 'csirt-ee']],
    [ofSurviving, surviving, [merged, titles.merged, 'JC-2026-0011', 'csirt-pl']],
  ] as const) {
    const text = JSON.stringify([
      await seen(reader, ownCase),
      await noticesOf(store, reader, at('03T15:00'), ownCase),
    ]);
    for (const secret of secrets) expect(text).not.toContain(secret);
    expect(await seen(reader, ownCase)).toMatchObject({
      mergeProposed: null,
      mergedInto: null,
      mergedFrom: [],
    });
  }
  const { progress } = await seen(ofMerged, merged);
  expect(progress.moves.slice(-2)).toEqual([
    { move: 'proposeMerge', by: { id: 'Organisation:enisa' }, values: [] },
    { move: 'merge', by: null, values: [] },
  ]);
  expect((await seen(ofSurviving, surviving)).progress.moves.at(-1)).toEqual({
    move: 'agreeMerge',
    by: { id: 'Organisation:cert-eu' },
    values: [],
  });
  for (const key of [merged, surviving]) expect(await linksOf(store).countDocuments({ key })).toBe(0);
});

test('informs the lead of the surviving case once, and the participants of each case about it only', async () => {
  const { merged, surviving } = await mergedCases();
  expect(await names(otherLead, merged)).toEqual(['proposeMerge']);
  expect((await names(ofMerged, merged)).slice(-2).toSorted()).toEqual(['merge', 'proposeMerge']);
  expect(await names(ofMerged, surviving)).toEqual([]);
  expect(await names(ofSurviving, surviving)).toContain('agreeMerge');
  expect(await names(ofSurviving, merged)).toEqual([]);
});

test('refuses to merge into the case itself, a closed or merged one, a hidden one and one of an exercise, in one way', async () => {
  const { merged, surviving } = await twoCases();
  const third = await opened(lead, { title: 'EXERCISE Owl', joint: 'JC-2026-0013', readers: ['csirt-pl'] });
  const hidden = await opened(otherLead, {
    title: 'EXERCISE Crow',
    joint: 'JC-2026-0014',
    readers: ['csirt-ee'],
  });
  const played = { ...lead, picture: 'exercise:trial-2026' } as Reader;
  const exercise = await opened(played, {
    title: 'EXERCISE Jay',
    joint: 'JC-2026-0015',
    readers: ['csirt-pl'],
  });
  await propose(merged, surviving);
  await agree(surviving, merged);
  const answers = [];
  for (const id of [
    third,
    merged,
    hidden,
    exercise,
    'JointCaseRecord:00000000-0000-4000-8000-000000000000',
    'Posture:00000000-0000-4000-8000-000000000000',
  ])
    answers.push(await propose(third, id));
  expect(answers[0]).toEqual(refusedAs('INVALID', { path: ['surviving'] }));
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('refuses to agree to what no lead proposed, and to a case that the lead may not read, in one way', async () => {
  const { merged, surviving } = await twoCases();
  const hidden = await opened(lead, { title: 'EXERCISE Crow', joint: 'JC-2026-0014', readers: ['csirt-pl'] });
  expect(await propose(hidden, surviving)).toEqual([]);
  const answers = [];
  for (const id of [merged, hidden, surviving, 'JointCaseRecord:00000000-0000-4000-8000-000000000000'])
    answers.push(await agree(surviving, id, otherLead, { mergedVersion: 1 }));
  expect(answers[0]).toEqual(refusedAs('INVALID', { path: ['merged'] }));
  expect(new Set(answers.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('does not merge on a proposal that was withdrawn, or of a lead that leads no more', async () => {
  const { merged, surviving } = await twoCases();
  expect(await move(lead, 'withdrawMerge', merged, { reason })).toEqual(refusedAs('WRONG_STATE'));
  await propose(merged, surviving);
  expect(await move(lead, 'withdrawMerge', merged, { reason })).toEqual([]);
  expect(await agree(surviving, merged)).toEqual(refusedAs('INVALID', { path: ['merged'] }));
  await propose(merged, surviving);
  expect(await move(lead, 'offerLead', merged, { organisation: 'csirt-pl', note: reason })).toEqual([]);
  const newLead = readerOf({
    organisation: 'csirt-pl',
    subject: 'n',
    roles: ['csirt-analyst'],
    offices: leads,
  });
  expect(await move(newLead, 'takeLead', merged)).toEqual([]);
  expect(await agree(surviving, merged)).toEqual(refusedAs('INVALID', { path: ['merged'] }));
});

test('lets only the lead of each case make its move, and no case be merged on another version than was read', async () => {
  const { merged, surviving } = await twoCases();
  for (const reader of [ofMerged, otherLead])
    expect(await propose(merged, surviving, reader)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await propose(merged, surviving, stranger)).toEqual(refusedAs('NOT_FOUND'));
  await propose(merged, surviving);
  for (const reader of [lead, ofSurviving])
    expect(await agree(surviving, merged, reader, { mergedVersion: 1 })).toEqual(refusedAs('NOT_ALLOWED'));
  const mergedVersion = await versionOf(lead, merged);
  expect(await move(lead, 'activate', merged, { reason })).toEqual([]);
  expect(await agree(surviving, merged, otherLead, { mergedVersion })).toEqual(
    refusedAs('STALE_VERSION', { path: ['mergedVersion'] }),
  );
  expect(await agree(surviving, merged)).toEqual([]);
});

test('is made when it is entered, and ends the moves of the merged case', async () => {
  const { merged, surviving } = await twoCases();
  const late = { happenedAt: at('03T13:00').toISOString(), late: { reason, channel: 'telephone' } };
  expect(await move(lead, 'proposeMerge', merged, { surviving, reason, ...late })).toEqual(
    refusedAs('INVALID', { path: ['happenedAt'] }),
  );
  await propose(merged, surviving);
  expect(await agree(surviving, merged, otherLead, late)).toEqual(
    refusedAs('INVALID', { path: ['happenedAt'] }),
  );
  await agree(surviving, merged);
  expect(await move(lead, 'activate', merged, { reason })).toEqual(refusedAs('WRONG_STATE'));
  expect(await move(lead, 'reopen', merged, { reason })).toEqual(refusedAs('WRONG_STATE'));
  expect(await propose(surviving, merged, otherLead)).toEqual(refusedAs('INVALID', { path: ['surviving'] }));
});

test('merges neither case twice, and none in a circle, if both leads agree at once', async () => {
  const { merged, surviving } = await twoCases();
  await propose(merged, surviving);
  await propose(surviving, merged, otherLead);
  const both = await race(
    2,
    async (racer) => await (racer === 0 ? agree(surviving, merged) : agree(merged, surviving, lead)),
  );
  expect(both.filter((errors) => errors.length === 0)).toHaveLength(1);
  const states = [(await seen(lead, merged)).workflow, (await seen(lead, surviving)).workflow];
  expect(new Set(states)).toEqual(new Set(['MERGED_INTO', 'OPEN']));
});

test('merges a case once if its merge is agreed to twice at once', async () => {
  const { merged, surviving } = await twoCases();
  await propose(merged, surviving);
  const twice = await race(2, async () => await agree(surviving, merged));
  expect(twice.filter((errors) => errors.length === 0)).toHaveLength(1);
  expect((await seen(lead, surviving)).mergedFrom).toHaveLength(1);
});

test('lets one of a merge and a closing stand that are entered at once', async () => {
  const { merged, surviving } = await twoCases();
  await propose(merged, surviving);
  await move(lead, 'activate', merged, { reason });
  const closing = { closingList: [reason] };
  const [one = [], other = []] = await race(
    2,
    async (racer) =>
      await (racer === 0 ? agree(surviving, merged) : move(lead, 'beginClosing', merged, closing)),
  );
  expect(one.length + other.length).toBe(1);
  const { workflow } = await seen(lead, merged);
  expect(workflow).toBe(one.length === 0 ? 'MERGED_INTO' : 'CLOSING');
  expect((await seen(lead, surviving)).mergedFrom).toHaveLength(one.length === 0 ? 1 : 0);
});

test('keeps the fields of a merge from changes by hand', async () => {
  const { merged, surviving } = await twoCases();
  const update = `mutation U($input: UpdateJointCaseRecordInput!) {
    updateJointCaseRecord(input: $input) { userErrors { code path } }
  }`;
  const expectedVersion = await versionOf(lead, merged);
  for (const content of [
    { mergedInto: surviving },
    { mergeProposed: surviving },
    { mergedFrom: [surviving] },
    { workflow: 'MERGED_INTO' },
  ]) {
    const input = { key: randomUUID(), id: merged, expectedVersion, content };
    expect(await askAt({ store, reader: lead, now: at('03T14:00') }, update, { input })).toEqual({
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', Object.keys(content)[0]] }],
    });
  }
});
