import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { linksOf, recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { movesIn, progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt } from './moves-of.ts';
import { casesIn, leads, officer, refusedAs, stranger } from './case-of.ts';
import {
  allReaders,
  analyst,
  at,
  coordinator,
  desk,
  lead,
  leadOfficer,
  onlooker,
  operator,
  performers,
  reading,
  runsIn,
  steps,
} from './run-of.ts';

/** The start of a run of a procedure: who may start it, and what is refused. A refused start stores nothing. */

let own: OwnStore;
let store: CommunityStore;
let caseRecord: string;
let procedureId: string;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
  caseRecord = await active();
  procedureId = await procedure();
});
afterAll(async () => await own.stop());

const { change, procedure, tryStart, started, find, seen, active } = runsIn(() => store);
const { drafted } = casesIn(() => store);

const telling = (text: string) => ({ message: expect.stringContaining(text) });
const narrow = reading(['enisa', 'joint-unit']);

async function stored(): Promise<readonly number[]> {
  const ofRuns = { workflow: { $in: ['procedure-run', 'procedure-step'] } };
  return await Promise.all([
    recordsOf(store, 'ProcedureRun').countDocuments(),
    progressIn(store).countDocuments(ofRuns),
    movesIn(store).countDocuments(ofRuns),
  ]);
}

/** Tries a start. Returns the reasons of its refusal, and expects that nothing was stored. */
async function refusal(content: object, more: object = {}, by = lead) {
  const before = await stored();
  const { record, userErrors } = await tryStart(by, { caseRecord, procedure: procedureId, ...content }, more);
  expect(record).toBeNull();
  expect(await stored()).toEqual(before);
  return userErrors;
}

test('is made by the lead, the duty officer of the leading organisation and a joint coordinator', async () => {
  const elsewhere = { ...coordinator, organisation: 'csirt-pl', memberState: 'PL' };
  for (const by of [lead, leadOfficer, coordinator, elsewhere]) {
    const { record, userErrors } = await tryStart(by, { caseRecord, procedure: procedureId });
    expect(userErrors).toEqual([]);
    expect(await seen(onlooker, record?.id ?? '', '03T13:01')).toMatchObject({
      lead: { id: 'Organisation:enisa' },
      caseRecord: { id: caseRecord },
      procedure: { id: procedureId },
    });
  }
  const withoutOffice = { ...lead, offices: [], roles: ['enisa-analyst'] };
  for (const by of [withoutOffice, analyst, { ...analyst, offices: leads }, officer('csirt-pl'), desk])
    expect(await refusal({}, {}, by)).toEqual(refusedAs('NOT_ALLOWED'));
});

test('takes the leading organisation from the case, whatever the starter states', async () => {
  const by = { ...officer('csirt-pl'), offices: leads };
  expect(await refusal({ lead: 'csirt-pl' }, {}, by)).toEqual(refusedAs('NOT_ALLOWED'));
});

test('answers alike for a procedure or a case that the starter may not read and for one that does not exist', async () => {
  const hidden = await procedure({}, reading(['joint-unit', 'csirt-pl']));
  const draft = await drafted({ reading: reading(['csirt-fr', 'csirt-pl', 'enisa']), proposedLead: 'enisa' });
  const missing = await refusal({ procedure: 'Procedure:none' });
  expect(missing).toEqual(refusedAs('INVALID', { path: ['content', 'procedure'] }));
  expect(await refusal({ procedure: hidden })).toEqual(missing);
  const noCase = await refusal({ caseRecord: 'JointCaseRecord:none' });
  expect(noCase).toEqual(refusedAs('INVALID', { path: ['content', 'caseRecord'] }));
  expect(await refusal({ caseRecord: draft })).toEqual(noCase);
  const outside = { ...stranger, organisation: 'crisis-de' };
  const readers = reading([...allReaders, 'crisis-de']);
  const open = await procedure({}, readers);
  const of = { procedure: open };
  const unread = await refusal(of, { reading: readers }, outside);
  expect(unread).toEqual(noCase);
  expect(await refusal({ ...of, caseRecord: 'JointCaseRecord:none' }, { reading: readers }, outside)).toEqual(
    unread,
  );
});

test('refuses a case that is over, and a run for a case and an exercise at once or for neither', async () => {
  const over = await active();
  await progressIn(store).updateOne({ _id: over }, { $set: { 'progress.state': 'closed' } });
  expect(await refusal({ caseRecord: over })).toEqual(
    refusedAs('INVALID', { path: ['content', 'caseRecord'] }),
  );
  for (const content of [{ exercise: 'ExercisePlan:none' }, { caseRecord: null }])
    expect(await refusal(content)).toEqual(refusedAs('INVALID', telling('either a case or an exercise')));
});

const [first, second] = steps;
const broken: readonly (readonly [string, readonly object[], string])[] = [
  ['no step', [], '1 to 50 steps, got 0'],
  ['too many steps', Array.from({ length: 51 }, (_none, no) => ({ ...first, no })), 'got 51'],
  ['a malformed time limit', [{ ...first, dueWithin: '30 minutes' }], 'step 1: expected a time limit'],
  ['an empty time limit', [{ ...first, dueWithin: 'PT' }], 'step 1: expected a time limit'],
  ['a time limit in months', [{ ...first, dueWithin: 'P1M' }], 'step 1: expected a time limit'],
  ['a missing step', [{ ...first, dependsOn: [7] }], 'step 1: it depends on step 7'],
  ['a step that depends on itself', [{ ...first, dependsOn: [1] }], 'step 1: it depends on itself'],
  [
    'a circle of steps behind another one',
    [
      first ?? {},
      { ...second, dependsOn: [1, 3] },
      { ...second, no: 3, dependsOn: [2] },
      { ...second, no: 9, dependsOn: [3] },
    ],
    'step 2: it depends on itself',
  ],
  ['two steps of one number', [first ?? {}, first ?? {}], 'step 1: the procedure has several steps'],
];

test.each(broken)('refuses a procedure with %s, and names it', async (_what, of, text) => {
  const one = await procedure({ steps: of });
  expect(await refusal({ procedure: one })).toEqual(
    refusedAs('INVALID', { path: ['content', 'procedure'], ...telling(text) }),
  );
});

test('needs a performer for each role, and no other', async () => {
  const path = ['content', 'performers'];
  expect(await refusal({ performers: performers.slice(0, 1) })).toEqual(
    refusedAs('INVALID', { path, ...telling('step 3: expected a performer of the role crisis desk') }),
  );
  for (const more of [
    { role: 'other', organisation: 'enisa' },
    performers[0],
    { role: 'crisis desk', organisation: 'enisa' },
  ])
    expect(await refusal({ performers: [...performers, more] })).toEqual(refusedAs('INVALID', { path }));
  const nobody = [performers[1], { role: 'analyst', organisation: 'csirt-fr', person: ' ' }];
  expect(await refusal({ performers: nobody })).toEqual(refusedAs('INVALID', { path }));
});

test('is read by each organisation that performs a step', async () => {
  const others = reading(['enisa', 'csirt-fr']);
  expect(await refusal({}, { reading: others })).toEqual(
    refusedAs('INVALID', { path: ['reading', 'audience', 'organisations'], ...telling('csirt-pl') }),
  );
  const { record, userErrors } = await tryStart(
    lead,
    { caseRecord, procedure: procedureId },
    { reading: null },
  );
  expect(userErrors).toEqual([]);
  const { envelope } = await seen(lead, record?.id ?? '', '03T13:01');
  expect(envelope).toMatchObject({
    audience: {
      organisations: ['enisa', 'csirt-fr', 'csirt-pl'].map((id) => ({ id: `Organisation:${id}` })),
    },
  });
});

test('opens the steps of a procedure to no other readers than those of the procedure', async () => {
  const ofLead = { procedure: await procedure({}, narrow) };
  expect(await refusal(ofLead)).toEqual(refusedAs('INVALID', { path: ['reading'] }));
  const strict = {
    procedure: await procedure({}, { ...reading(allReaders), marking: { tlp: 'AMBER_STRICT' } }),
  };
  expect(await refusal(strict)).toEqual(refusedAs('INVALID', { path: ['reading'] }));
  const purposes = ['training'];
  const trained = {
    procedure: await procedure({}, { ...reading(allReaders), purposes: ['incident-response'] }),
  };
  expect(await refusal(trained, { reading: { ...reading(allReaders), purposes } })).toHaveLength(1);
  const clear = { procedure: await procedure({}, { marking: { tlp: 'CLEAR', pap: 'CLEAR' } }) };
  expect((await tryStart(lead, { caseRecord, ...clear })).userErrors).toEqual([]);
});

test('is written by no hand: neither a run, nor its steps', async () => {
  for (const field of [{ steps: [] }, { plan: 'ResponsePlan:none' }])
    expect(await refusal(field)).toEqual(refusedAs('NOT_ALLOWED'));
  const content = { procedure: procedureId, event: 'EXERCISE', eventAt: '2026-11-03T12:30:00.000Z' };
  const made = await change(operator, 'createProcedureRun', { content, reading: reading(allReaders) });
  expect(made.userErrors).toEqual(refusedAs('NOT_ALLOWED'));
  const id = await started();
  const update = { id, expectedVersion: 1, content: { ...content, event: 'EXERCISE: another' } };
  expect((await change(operator, 'updateProcedureRun', update)).userErrors).toEqual(refusedAs('NOT_ALLOWED'));
});

test('starts for an exercise in its picture, by an officer of an organisation that plans it', async () => {
  const picture = 'exercise:trial-2026';
  const content = {
    series: 'EXERCISE',
    kind: 'TABLE_TOP',
    state: 'PLANNED',
    planners: ['csirt-fr', 'enisa'],
  };
  const planned = async (by: Reader): Promise<string> => {
    const { record, userErrors } = await change(by, 'createExercisePlan', {
      content,
      reading: reading(allReaders),
    });
    expect(userErrors).toEqual([]);
    return record?.id ?? '';
  };
  const player = { ...leadOfficer, picture };
  const { record: played } = await change({ ...operator, picture }, 'createProcedure', {
    content: { title: { value: 'EXERCISE', lang: 'en' }, trigger: 'EXERCISE', steps },
    reading: reading(allReaders),
  });
  const of = { caseRecord: null, exercise: await planned({ ...operator, picture }), procedure: played?.id };
  expect(await refusal(of, {}, { ...officer('csirt-pl'), picture })).toEqual(refusedAs('NOT_ALLOWED'));
  const made = await tryStart(player, of);
  expect(made.userErrors).toEqual([]);
  expect(await seen({ ...onlooker, picture }, made.record?.id ?? '', '03T13:01')).toMatchObject({
    lead: { id: 'Organisation:enisa' },
  });
  // A played run has no place in the real picture.
  const real = { caseRecord: null, exercise: await planned(operator) };
  expect(await refusal(real, {}, leadOfficer)).toEqual(
    refusedAs('INVALID', telling('an exercise in whose picture you act')),
  );
});

test('refuses more than 100 runs for one case', async () => {
  const of = await active();
  const row = { kind: 'ProcedureRun', key: of, sortAt: new Date(), openFrom: new Date(), admits: [] };
  const rows = Array.from({ length: 100 }, (_none, no) => `ProcedureRun:${no}`);
  const others = { ...row, admitsEarly: [], policy: '' };
  await linksOf(store).insertMany(rows.map((record) => ({ ...others, _id: `${record}>${of}`, record })));
  expect(await refusal({ caseRecord: of })).toEqual(refusedAs('CLOSED', { path: ['content', 'caseRecord'] }));
});

test('follows a stricter marking of its procedure', async () => {
  const one = await procedure();
  const { record } = await tryStart(lead, { caseRecord, procedure: one });
  const id = record?.id ?? '';
  expect(await find(onlooker, id, '03T13:01')).not.toBeNull();
  const source = `mutation M($input: MarkRecordInput!) {
    markJointUnitRecord(input: $input) { userErrors { code path message } }
  }`;
  const narrower = reading(['joint-unit', 'enisa', 'csirt-fr']);
  const input = { key: randomUUID(), id: one, expectedVersion: 1, reading: narrower };
  const marked = await askAt({ store, reader: operator, now: at('03T13:00') }, source, { input });
  expect(marked).toEqual({ userErrors: [] });
  expect(await find(onlooker, id, '03T13:01')).toBeNull();
  expect(await find(analyst, id, '03T13:01')).not.toBeNull();
});
