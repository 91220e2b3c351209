import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { readTriggers } from '../../../schema/workflow/trigger/load.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { recordsOf } from '../../../subgraphs/serve/store/collections.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { noticesOf } from './inbox-of.ts';
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
async function remindedOf(who: Reader, id: string): Promise<readonly string[]> {
  const notices = await noticesOf(store, who, at('11:00'), id);
  return notices.flatMap(({ workflow, event, name }) =>
    workflow === 'notification-duty' && event === 'REMINDER' ? [name] : [],
  );
}

test.each<[string, string, Reader, string]>([
  ['CSIRTS_NETWORK', 'full', secretariat, 'csirts-network-raised'],
  ['EU_CYCLONE', 'alert', secretariat, 'cyclone-raised'],
  ['IPCR', 'monitoring', council, 'ipcr-activated'],
  ['LERP', 'early-warning', europol, 'lerp-stage'],
])('reminds who records %s in %s that others must be notified', async (network, raised, by, trigger) => {
  const id = await entered(by, network, raised);
  expect(await remindedOf(by, id)).toEqual([trigger]);
  expect(Object.keys(readTriggers())).toContain(trigger);
  // The others learn of the duty once a person opens it and notifies them.
  expect(await remindedOf(reader, id)).toEqual([]);
  expect(await recordsOf(store, 'NotificationDuty').countDocuments({})).toBe(0);
});

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

test('reminds who requests the Reserve', async () => {
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
});
