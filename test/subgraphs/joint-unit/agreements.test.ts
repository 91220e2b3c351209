import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { AgreementStates } from '../../../schema/protocol/agreement-states.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { createAgreementsEndpoint } from '../../../subgraphs/serve/workflow/kinds/agreement-states.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race, racersOr } from '../../helpers/race.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const holds = (...offices: readonly string[]) => ({
  offices: offices.map((office) => ({ office, until: '2028-01-01T00:00:00.000Z' })),
});
const certEu = readerOf({ organisation: 'cert-eu', subject: 'c-1', ...holds('owner-delegate') });
const certEuSecond = { ...certEu, subject: 'c-2' };
const certEuHead = { ...certEu, subject: 'c-3', ...holds('signatory') };
const partner = readerOf({ organisation: 'nordsee-energy', subject: 'n-1', ...holds('owner-delegate') });
const partnerHead = { ...partner, subject: 'n-2', ...holds('signatory') };
const board = readerOf({ organisation: 'iicb', subject: 'i-1', roles: ['iicb-secretariat'] });
const stranger = readerOf({ organisation: 'csirt-pl', subject: 'p-1', ...holds('signatory') });

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const parties = ['cert-eu', 'nordsee-energy'].map((organisation) => ({ organisation, role: 'USER' }));
const audience = { reach: 'NAMED', organisations: ['cert-eu', 'nordsee-energy', 'iicb'] };

async function tryDraft(reader: Reader) {
  return await makeMove({ store, reader, now: at('03T10:00') }, 'Agreement', 'draft', {
    content: {
      reference: 'EXERCISE-7',
      kind: 'INFORMATION_SHARING',
      parties,
      legalBasis: 'EXERCISE',
      informationKinds: ['indicators'],
      tlpCeiling: 'AMBER',
      purposes: ['incident-response'],
      directions: 'BOTH',
      onwardSharing: 'NONE',
      personalData: 'none',
      retention: 'EXERCISE: one year',
    },
    atEnd: 'EXERCISE: deletion',
    notice: 'EXERCISE: 60 days',
    reading: { marking: { tlp: 'AMBER' }, audience },
  });
}

const query = `query Q($id: ID!) {
  agreement(id: $id) {
    envelope { version }
    progress { state approvedBy signedBy suspendedBy proposal { id } moves { move by { id } } }
  }
}`;

type Shown = {
  readonly envelope: { readonly version: number };
  readonly progress: {
    readonly state: string;
    readonly signedBy: readonly string[] | null;
    readonly proposal: { readonly id: string } | null;
    readonly moves: readonly { readonly move: string; readonly by: { readonly id: string } | null }[];
  };
};

async function find(reader: Reader, id: string, time: string): Promise<Shown | null> {
  return await askAt<Shown | null>({ store, reader, now: at(time) }, query, { id });
}

async function stateAt(id: string, time: string): Promise<string | undefined> {
  return (await find(certEu, id, time))?.progress.state;
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  const expectedVersion = (await find(certEu, id, time))?.envelope.version;
  const given = { id, expectedVersion, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'Agreement', name, given)).userErrors;
}

const approval = { reference: 'EXERCISE', date: '2026-11-05T00:00:00.000Z', scope: 'EXERCISE' };
const signature = { signature: 'EXERCISE', capacity: 'EXERCISE', date: '2026-11-06T00:00:00.000Z' };
const force = { inForceFrom: '2026-11-07T00:00:00.000Z', registryEntry: ['A-7'] };

async function made(moves: readonly (readonly [Reader, string, object?])[], id: string): Promise<void> {
  for (const [reader, name, input] of moves)
    expect(await move(reader, name, id, '06T10:00', input)).toEqual([]);
}

async function inSignature(): Promise<string> {
  const { record, userErrors } = await tryDraft(certEu);
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  await made(
    [
      [certEu, 'offer', { text: 'EXERCISE' }],
      [partner, 'submit', { approvers: ['iicb'] }],
      [board, 'approve', approval],
    ],
    id,
  );
  return id;
}

async function inForce(inForceFrom = force.inForceFrom): Promise<string> {
  const id = await inSignature();
  await made(
    [
      [certEuHead, 'sign', signature],
      [partnerHead, 'sign', signature],
      [certEu, 'force', { ...force, inForceFrom }],
    ],
    id,
  );
  const proposal = (await find(certEu, id, '06T10:00'))?.progress.proposal?.id;
  expect(await move(certEuSecond, 'confirmProposed', id, '07T00:00', { proposal })).toEqual([]);
  return id;
}

test('lets only a delegate of a party draft an agreement', async () => {
  expect((await tryDraft(stranger)).userErrors).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect((await tryDraft(certEuHead)).userErrors).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
});

test('goes to signature with the last approval, and is signed with the last signature', async () => {
  const id = await inSignature();
  expect(await stateAt(id, '06T11:00')).toBe('SIGNATURE');
  expect(await move(certEu, 'sign', id, '06T11:00', signature)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining('signatory') }),
  ]);
  expect(await move({ ...stranger, organisation: 'iicb' }, 'sign', id, '06T11:00', signature)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(certEuHead, 'sign', id, '06T11:00', signature)).toEqual([]);
  expect(await move(certEuHead, 'sign', id, '06T11:05', signature)).toEqual([]);
  expect((await find(certEu, id, '06T11:30'))?.progress).toMatchObject({
    state: 'SIGNATURE',
    signedBy: ['cert-eu'],
  });
  expect(await move(partnerHead, 'sign', id, '06T12:00', signature)).toEqual([]);
  const { state, moves } = (await find(certEu, id, '06T12:01'))?.progress ?? {};
  expect([state, moves?.slice(-2)]).toEqual([
    'SIGNED',
    [
      { move: 'sign', by: { id: 'Organisation:nordsee-energy' } },
      { move: 'signed', by: null },
    ],
  ]);
});

test('is not in force while an approval is missing, and says which state it waits in', async () => {
  const id = (await tryDraft(certEu)).record?.id ?? '';
  await made(
    [
      [certEu, 'offer', { text: 'EXERCISE' }],
      [partner, 'submit', { approvers: ['iicb'] }],
    ],
    id,
  );
  expect(await move(certEu, 'force', id, '06T11:00', force)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', message: expect.stringContaining('approval') }),
  ]);
  expect(await move(certEuHead, 'sign', id, '06T11:00', signature)).toMatchObject([{ code: 'WRONG_STATE' }]);
  expect(await stateAt(id, '06T11:01')).toBe('INTERNAL_APPROVAL');
});

test('lets one of many persons of a body approve, and goes to signature once', async () => {
  const id = (await tryDraft(certEu)).record?.id ?? '';
  await made(
    [
      [certEu, 'offer', { text: 'EXERCISE' }],
      [partner, 'submit', { approvers: ['iicb'] }],
    ],
    id,
  );
  const expectedVersion = (await find(certEu, id, '06T11:00'))?.envelope.version;
  const approved = await race(racersOr(20), async (racer) => {
    const on = { store, reader: { ...board, subject: `i-${racer}` }, now: at('06T11:00') };
    const input = { key: `approve-${racer}-${id}`, id, expectedVersion, ...approval };
    return await makeMove(on, 'Agreement', 'approve', input);
  });
  expect(approved.filter(({ userErrors }) => userErrors.length === 0)).toHaveLength(1);
  const moves = (await find(certEu, id, '06T11:01'))?.progress.moves.map((one) => one.move) ?? [];
  expect(moves.filter((one) => one === 'approve')).toHaveLength(1);
  expect(await stateAt(id, '06T11:01')).toBe('SIGNATURE');
});

test('needs no approval if none is listed', async () => {
  const id = (await tryDraft(certEu)).record?.id ?? '';
  await made(
    [
      [certEu, 'offer', { text: 'EXERCISE' }],
      [partner, 'submit', {}],
    ],
    id,
  );
  expect(await stateAt(id, '06T11:00')).toBe('SIGNATURE');
});

test('asks for every approval and signature again after a refusal', async () => {
  const id = await inSignature();
  await made(
    [
      [certEuHead, 'sign', signature],
      [partner, 'refuse', { reason: 'EXERCISE' }],
      [partner, 'submit', { approvers: ['iicb'] }],
    ],
    id,
  );
  expect((await find(certEu, id, '06T11:00'))?.progress).toMatchObject({
    state: 'INTERNAL_APPROVAL',
    approvedBy: null,
    signedBy: null,
  });
});

test('is in force by two persons, and any party suspends it at once; two persons of that party resume it', async () => {
  const id = await inForce();
  expect(await stateAt(id, '07T01:00')).toBe('IN_FORCE');
  expect(await move(partner, 'suspend', id, '08T10:00', { reason: 'EXERCISE', scope: 'all' })).toEqual([]);
  expect((await find(certEu, id, '08T10:00'))?.progress).toMatchObject({
    state: 'SUSPENDED',
    suspendedBy: 'nordsee-energy',
  });
  expect(await move(certEu, 'resume', id, '08T11:00', { reason: 'EXERCISE' })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(partner, 'resume', id, '08T11:00', { reason: 'EXERCISE' })).toEqual([]);
  const proposal = (await find(partner, id, '08T11:00'))?.progress.proposal?.id;
  expect(await move(partner, 'confirmProposed', id, '08T11:00', { proposal })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(partnerHead, 'confirmProposed', id, '08T11:00', { proposal })).toEqual([]);
  expect(await stateAt(id, '08T11:01')).toBe('IN_FORCE');
});

/** Returns the state that the hub reads at a time. */
async function readByHub(id: string, time: string): Promise<string | undefined> {
  const answer = createAgreementsEndpoint(store, community.name);
  const request = { assertion: { delivery: 'agreements' }, now: at(time), body: { records: [id] } };
  let states: AgreementStates = { agreements: [] };
  await answer(request as never, { json: (given: AgreementStates) => (states = given) } as never);
  return states.agreements[0]?.state;
}

const mark = `mutation M($input: MarkRecordInput!) { markJointUnitRecord(input: $input) { userErrors { code } } }`;

test('tells the hub that it is in force from the stated instant on, until its end or until a party is shut out', async () => {
  const id = await inForce('2026-11-08T00:00:00.000Z');
  expect(await readByHub(id, '07T12:00')).toBe('signed');
  expect(await readByHub(id, '08T00:00')).toBe('in-force');
  const endsAt = '2026-11-20T00:00:00.000Z';
  expect(await move(partner, 'notice', id, '09T10:00', { endsAt })).toEqual([]);
  expect(await move(certEu, 'notice', id, '09T11:00', { endsAt: '2027-11-20T00:00:00.000Z' })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['endsAt'] }),
  ]);
  expect(await move(certEu, 'notice', id, '09T11:00', { endsAt: '2026-11-01T00:00:00.000Z' })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['endsAt'] }),
  ]);
  expect(await readByHub(id, '19T23:59')).toBe('ending');
  expect(await readByHub(id, '20T00:00')).toBe('ended');

  const version = (await find(certEu, id, '10T10:00'))?.envelope.version;
  const reading = {
    marking: { tlp: 'AMBER' },
    audience: { ...audience, organisations: ['cert-eu', 'iicb'] },
  };
  const input = { key: 'shut-out', id, expectedVersion: version, reading };
  expect(await askAt({ store, reader: certEu, now: at('10T10:00') }, mark, { input })).toEqual({
    userErrors: [],
  });
  expect(await readByHub(id, '10T10:01')).toBe('closed');
});

test('shows an agreement to no stranger', async () => {
  expect(await find(stranger, await inSignature(), '06T11:00')).toBeNull();
});
