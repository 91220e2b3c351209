import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { readTriggers } from '../../../schema/workflow/trigger/load.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { noticesIn } from '../../../subgraphs/serve/workflow/notices.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { casesIn, lead } from './case-of.ts';
import { hideField, noticesOf } from './inbox-of.ts';
import { makeMove } from './moves-of.ts';

/** The notice to an organisation that law or practice wants others to be notified of what it entered. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const secretariat = readerOf({ organisation: 'enisa', subject: 's', roles: ['network-secretariat'] });
const council = readerOf({ organisation: 'council', subject: 'k', roles: ['council-secretariat'] });
const europol = readerOf({ organisation: 'europol', subject: 'u', roles: ['europol-analyst'] });
const reader = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'] });

const { active, move } = casesIn(() => store);

async function entered(by: Reader, network: string, posture: string): Promise<string> {
  const content = {
    network,
    posture,
    since: '2026-11-03T08:00:00.000Z',
    reference: 'EXERCISE: minutes 12',
    decidedBy: 'EXERCISE: the network',
  };
  const organisations = [by.organisation, 'csirt-pl'];
  const reading = { marking: { tlp: 'AMBER' }, audience: { reach: 'NAMED', organisations } };
  const made = await makeMove({ store, reader: by, now: at('10:00') }, 'Posture', 'record', {
    content,
    reading,
  });
  expect(made.userErrors).toEqual([]);
  return made.record?.id ?? '';
}

/** Returns the triggers of which an organisation is reminded on a record. */
async function remindedOf(who: Reader, id: string, now = at('11:00')): Promise<readonly string[]> {
  const notices = await noticesOf(store, who, now, id);
  return notices.flatMap(({ workflow, event, name }) =>
    workflow === 'notification-duty' && event === 'REMINDER' ? [name] : [],
  );
}

test.each<[string, string, Reader, string]>([
  ['CSIRTS_NETWORK', 'full', secretariat, 'csirts-network-raised'],
  ['EU_CYCLONE', 'alert', secretariat, 'cyclone-raised'],
  ['IPCR', 'monitoring', council, 'ipcr-activated'],
  ['LERP', 'early-warning', europol, 'lerp-stage'],
])(
  'reminds the organisation that records %s in %s of its duty to notify others',
  async (network, raised, by, trigger) => {
    const id = await entered(by, network, raised);
    expect(await remindedOf(by, id)).toEqual([trigger]);
    expect(Object.keys(readTriggers())).toContain(trigger);
    // The others learn of the duty once a person opens it and notifies them.
    expect(await remindedOf(reader, id)).toEqual([]);
    expect(await recordsOf(store, 'NotificationDuty').countDocuments({})).toBe(0);
  },
);

test.each<[string, string, Reader]>([
  ['CSIRTS_NETWORK', 'normal', secretariat],
  ['IPCR', 'off', council],
  ['CYCLONE_EXECUTIVES', 'yes', secretariat],
])('reminds nobody of %s in %s', async (network, resting, by) => {
  expect(await remindedOf(by, await entered(by, network, resting))).toEqual([]);
});

const requestOfReserve = {
  affectedEntity: 'EXERCISE hospital A',
  impact: 'EXERCISE: surgery is postponed',
  services: ['incident response'],
  plannedUse: 'EXERCISE: forensics on site',
  measuresTaken: ['EXERCISE: network separated'],
  otherSupport: 'EXERCISE: none',
  estimatedNeeds: 'EXERCISE: four experts for a week',
};

test('reminds the organisation that requests the Reserve of its duty to notify others', async () => {
  const contactPoint = readerOf({
    organisation: 'spoc-fr',
    subject: 's',
    roles: ['single-point-of-contact'],
  });
  const csirt = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
  const drafted = await makeMove({ store, reader: csirt, now: at('10:00') }, 'Mobilisation', 'draft', {
    content: {
      mechanism: 'RESERVE',
      via: 'spoc-fr',
      memberState: 'FR',
      situationLevel: 'SIGNIFICANT_INCIDENT',
    },
    decider: 'enisa',
    reading: {
      marking: { tlp: 'AMBER' },
      audience: { reach: 'NAMED', organisations: ['csirt-fr', 'spoc-fr', 'enisa'] },
    },
  });
  const id = drafted.record?.id ?? '';
  const request = { id, ...requestOfReserve };
  const now = { store, reader: contactPoint, now: at('10:30') };
  expect((await makeMove(now, 'Mobilisation', 'request', request)).userErrors).toEqual([]);
  expect(await remindedOf(contactPoint, id)).toEqual(['reserve-request']);
  expect(await remindedOf(csirt, id)).toEqual([]);
  // The reminder would tell the mechanism.
  await hideField(store, { kind: 'Mobilisation', id, path: 'mechanism' }, ['csirt-fr']);
  expect(await remindedOf(contactPoint, id)).toEqual([]);
});

const certEu = readerOf({
  organisation: 'cert-eu',
  subject: 'c-2',
  roles: ['cert-eu-analyst', 'duty-officer'],
  memberState: null,
});
const ofUnionEntities = { about: 'UNION_ENTITIES', criteria: ['EXERCISE'], at: at('09:00').toISOString() };

async function assessed(value: string): Promise<string> {
  const id = await active();
  expect(await move(certEu, 'join', id, '03T12:20')).toEqual([]);
  const given = { ...ofUnionEntities, value, reference: 'EXERCISE: decision 12' };
  expect(await move(certEu, 'assessLevel', id, '03T13:00', given)).toEqual([]);
  return id;
}

test('reminds the organisation that assesses a major incident of its duty to notify others', async () => {
  const id = await assessed('MAJOR_INCIDENT');
  expect(await remindedOf(certEu, id, at('14:00'))).toEqual(['major-incident']);
  expect(await remindedOf(lead, id, at('14:00'))).toEqual([]);
});

test.each(['threads', 'levels'])(
  'tells nothing of a major incident to a reader from whom the field %s is hidden',
  async (path) => {
    const id = await assessed('MAJOR_INCIDENT');
    await hideField(store, { kind: 'JointCaseRecord', id, path }, ['csirt-fr']);
    expect(await remindedOf(certEu, id, at('14:00'))).toEqual([]);
  },
);

test.each(['network', 'posture'])(
  'stores that the reminder of a posture tells the field %s',
  async (path) => {
    const id = await entered(secretariat, 'CSIRTS_NETWORK', 'full');
    const stored = await noticesIn(store).find({ record: id, workflow: 'notification-duty' }).toArray();
    expect(stored.map(({ dependsOn }) => dependsOn)).toEqual([expect.arrayContaining([path])]);
  },
);

test('reminds nobody of an incident before its assessor revises it to a major one, or assesses it again as one', async () => {
  const id = await assessed('INCIDENT');
  expect(await remindedOf(certEu, id, at('14:00'))).toEqual([]);
  const revised = { value: 'MAJOR_INCIDENT', criteria: ['EXERCISE'], at: at('13:30').toISOString() };
  const given = { ...revised, reason: 'EXERCISE', expectedVersion: 1 };
  expect(await move(certEu, 'reviseLevel', id, '03T14:30', given)).toEqual([]);
  expect(await remindedOf(certEu, id, at('15:00'))).toEqual(['major-incident']);
  const withdrawn = { reason: 'EXERCISE', expectedVersion: 2 };
  expect(await move(certEu, 'withdrawLevel', id, '03T15:30', withdrawn)).toEqual([]);
  const again = { ...ofUnionEntities, value: 'MAJOR_INCIDENT', expectedVersion: 3 };
  expect(await move(certEu, 'assessLevelAgain', id, '03T16:00', again)).toEqual([]);
  expect(await remindedOf(certEu, id, at('17:00'))).toEqual(['major-incident', 'major-incident']);
});
