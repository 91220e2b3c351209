import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { Changes } from '../../../subgraphs/serve/changes/changes.ts';
import { assignKeysBy } from '../../../subgraphs/serve/store/key-assigner.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { policy } from '../../helpers/policy.ts';
import { readerOf } from '../../helpers/records.ts';
import { makeMove } from './moves-of.ts';

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
});
afterAll(async () => await own.stop());

const now = new Date('2026-11-03T10:00:00Z');
const europol = readerOf({
  organisation: 'europol',
  subject: 'e',
  roles: ['europol-analyst'],
  onScreen: true,
});

test('no two persons release a record whose workflow names its readers', async () => {
  const { store } = own;
  const content = {
    on: { kind: 'TAKEDOWN', what: 'EXERCISE: a server' },
    until: '2026-11-03T20:00:00.000Z',
    contact: 'EXERCISE desk',
  };
  const telephone = '+32 2 000 00 00';
  const input = { content, addressees: ['csirt-de'], act: 'EXERCISE: the takedown', telephone };
  const { record } = await makeMove({ store, reader: europol, now }, 'DeconflictionHold', 'ask', input);
  const { name, kinds } = community;
  const parts = { community: name, kinds, store, policy, keyAssigner: assignKeysBy(policy), members: [] };
  const readerAccess = policy.accessOf(europol, now);
  const changes = new Changes({ ...parts, readerAccess, alarm: () => undefined });
  const { userErrors } = await changes.proposals.propose({
    key: randomUUID(),
    id: record?.id ?? '',
    expectedVersion: 1,
    to: 'csirt-pl',
    until: new Date('2026-11-10T10:00:00Z'),
    purpose: 'EXERCISE',
  });
  expect(userErrors).toEqual([
    expect.objectContaining({
      code: 'NOT_ALLOWED',
      message: expect.stringContaining('moves of its workflow'),
    }),
  ]);
});
