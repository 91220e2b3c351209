import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { sharedKey } from '../../../schema/record/shared-types.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { linksOf, recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import { toLinks } from '../../../subgraphs/serve/store/links.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';
import { at, casesIn, lead, officer, polish, stranger } from './case-of.ts';
import { hideField, noticesOf } from './inbox-of.ts';
import { makeMove } from './moves-of.ts';

/** Proposals to the lead of a case that a procedure is run for it. They start nothing, and tell nothing that is hidden. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { active, move } = casesIn(() => store);

const french = readerOf({ organisation: 'csirt-fr', subject: 'f-2', roles: ['csirt-analyst'] });
const europol = readerOf({ organisation: 'europol', subject: 'u', roles: ['europol-analyst'] });
const council = readerOf({
  organisation: 'council',
  subject: 'i',
  roles: ['council-secretariat'],
  memberState: null,
});
const duty = officer('enisa');
const now = at('04T12:00');
const assessed = {
  value: 'INCIDENT',
  about: 'MEMBER_STATE',
  memberState: 'FR',
  criteria: ['EXERCISE criterion'],
  at: '2026-11-03T09:00:00.000Z',
};

/** Returns the proposals that an organisation has on a record. */
async function proposals(reader: Reader, record: string): Promise<readonly object[]> {
  const notices = await noticesOf(store, reader, now, record);
  return notices.filter(({ name }) => name === 'propose');
}

async function created(reader: Reader, kind: string, name: string, input: object): Promise<string> {
  const made = await makeMove({ store, reader, now: at('04T10:00') }, kind, name, { ...input });
  expect(made.userErrors).toEqual([]);
  return made.record?.id ?? '';
}

const readableBy = (...organisations: readonly string[]) => ({
  marking: { tlp: 'AMBER' },
  audience: { reach: 'NAMED', organisations },
});

async function posture(audience: readonly string[], of = 'JC-2026-0007'): Promise<string> {
  return await created(council, 'Posture', 'record', {
    content: {
      network: 'IPCR',
      posture: 'monitoring',
      since: '2026-11-03T08:00:00.000Z',
      reference: 'EXERCISE: minutes 12',
      decidedBy: 'EXERCISE: the Presidency',
      case: of,
    },
    reading: readableBy('council', ...audience),
  });
}

/** Asks an organisation for a hold that names the case, and lets it agree. */
async function agreed(addressee: Reader, readers: readonly string[]): Promise<string> {
  const until = at('04T18:00').toISOString();
  const id = await created(europol, 'DeconflictionHold', 'ask', {
    content: {
      on: { kind: 'TAKEDOWN', what: 'EXERCISE: a server' },
      until,
      contact: 'EXERCISE desk',
      reason: 'EXERCISE: an arrest',
      case: 'JC-2026-0007',
    },
    addressees: [addressee.organisation],
    act: 'EXERCISE: the takedown of a server',
    telephone: '+32 2 000 00 00',
    reading: readableBy('europol', addressee.organisation, ...readers),
  });
  const input = { id, scope: 'EXERCISE: the server', until };
  const made = await makeMove(
    { store, reader: addressee, now: at('04T11:00') },
    'DeconflictionHold',
    'agree',
    input,
  );
  expect(made.userErrors).toEqual([]);
  return id;
}

/** Stores a case that enisa leads as an import does: without progress. */
async function imported(name: string, workflow: string, given: Partial<Envelope>): Promise<void> {
  const envelope = {
    ...envelopeOf({
      originator: 'csirt-fr',
      custodian: 'joint-unit',
      marking: markingOf({ tlp: 'AMBER' }),
      audience: audienceOf({ organisations: ['enisa'] }),
    }),
    localId: name,
    ...given,
  };
  const { admits, early } = policy.admittedKeys(envelope, 'JointCaseRecord');
  const rest = { schemaVersion: 1, feed: 'own', sortAt: new Date(0), openFrom: new Date(0), contentHash: '' };
  const keys = { admits, admitsEarly: early, policy: policy.version };
  const key = sharedKey('JointCase', name) ?? '';
  const record = {
    _id: `JointCaseRecord:${randomUUID()}`,
    ...rest,
    ...keys,
    envelope,
    content: { case: key, title: 'EXERCISE Imported', workflow, lead: 'Organisation:enisa' },
  };
  await recordsOf(store, 'JointCaseRecord').insertOne(record);
  await linksOf(store).insertMany([...toLinks(record, 'JointCaseRecord', [key])]);
}

/** Imports a case. Returns the posture after which its lead could get a proposal. */
async function postureOfImported(name: string, workflow: string, given: Partial<Envelope>): Promise<string> {
  await imported(name, workflow, given);
  return await posture(['enisa'], name);
}

test('proposes a run to the lead of an imported case, which has no stored progress', async () => {
  expect(await proposals(lead, await postureOfImported('JC-2026-0011', 'ACTIVE', {}))).toHaveLength(1);
  expect(await proposals(lead, await postureOfImported('JC-2026-0012', 'CLOSED', {}))).toEqual([]);
});

test('tells no lead of an imported case that it may not read, or whose lead is hidden from it', async () => {
  const marking = markingOf({ tlp: 'AMBER' });
  const audience = audienceOf({ organisations: ['csirt-pl'] });
  const hidden: readonly Partial<Envelope>[] = [
    { audience },
    { marking: markingOf({ tlp: 'RED' }) },
    { embargoUntil: at('05T12:00') },
    { portions: [{ path: 'lead', marking, audience }] },
    { recordState: 'RETRACTED' },
  ];
  for (const [no, given] of hidden.entries())
    expect(await proposals(lead, await postureOfImported(`JC-2026-002${no}`, 'ACTIVE', given))).toEqual([]);
});

test('proposes no run for a case of another picture, however many exercises have one with the same id', async () => {
  const name = 'JC-2026-0031';
  for (let no = 0; no < 11; no += 1) await imported(name, 'ACTIVE', { exercise: `exercise:${no}` });
  expect(await proposals(lead, await posture(['enisa'], name))).toEqual([]);
  expect(await proposals(lead, await postureOfImported(name, 'ACTIVE', {}))).toHaveLength(1);
});

test('tells a lead nothing of a field that is hidden from it', async () => {
  await active();
  const entered = await posture(['enisa']);
  await hideField(store, { kind: 'Posture', id: entered, path: 'case' }, ['council']);
  expect(await proposals(lead, entered)).toEqual([]);
  for (const path of ['case', 'threads']) {
    const id = await agreed(readerOf({ ...lead, roles: ['csirt-analyst'] }), []);
    expect(await proposals(lead, id)).toHaveLength(1);
    await hideField(store, { kind: 'DeconflictionHold', id, path }, ['europol']);
    expect(await proposals(lead, id)).toEqual([]);
  }
  for (const path of ['threads', 'levels', 'lead', 'workflow']) {
    const id = await active();
    expect(await move(french, 'assessLevel', id, '03T13:00', assessed)).toEqual([]);
    expect(await proposals(lead, id)).toHaveLength(1);
    await hideField(store, { kind: 'JointCaseRecord', id, path }, ['csirt-fr']);
    expect(await proposals(lead, id)).toEqual([]);
  }
});

test('proposes a run to the leading organisation after an assessment, and starts none', async () => {
  const id = await active();
  expect(await move(french, 'assessLevel', id, '03T13:00', assessed)).toEqual([]);
  const notice = { workflow: 'procedure-run', event: 'MOVE', name: 'propose', recordId: id, thread: null };
  for (const reader of [lead, duty])
    expect(await proposals(reader, id)).toEqual([expect.objectContaining(notice)]);
  for (const reader of [french, polish, stranger]) expect(await proposals(reader, id)).toEqual([]);
  expect(await progressIn(store).countDocuments({ workflow: 'procedure-run' })).toBe(0);
  // Each event is proposed once, and the next one again.
  const { about: _about, memberState: _state, ...rest } = assessed;
  const revised = { ...rest, value: 'SIGNIFICANT_INCIDENT', reason: 'EXERCISE' };
  expect(await move(french, 'reviseLevel', id, '03T14:00', { ...revised, expectedVersion: 1 })).toEqual([]);
  expect(await proposals(lead, id)).toHaveLength(2);
});

test('proposes a run after a posture that names the case, to a lead who may read it', async () => {
  await active();
  expect(await proposals(lead, await posture(['enisa']))).toHaveLength(1);
  expect(await proposals(lead, await posture(['csirt-fr']))).toEqual([]);
});

test('proposes a run after a hold only to a lead who is a party: no other reader learns that it was agreed', async () => {
  await active();
  expect(
    await proposals(lead, await agreed(readerOf({ ...lead, roles: ['csirt-analyst'] }), [])),
  ).toHaveLength(1);
  const german = readerOf({ organisation: 'csirt-de', subject: 'd', roles: ['csirt-analyst'] });
  expect(await noticesOf(store, lead, now, await agreed(german, ['enisa']))).toEqual([]);
});
