import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { laterMoves, workflowsOf } from '../../../schema/workflow/served.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import {
  asker,
  bookingsIn,
  desk,
  operator,
  otherDesk,
  personsOf,
  provider,
  reader,
  week,
} from './booking-of.ts';

/** Each move of a booking, refused to each reader whose side does not make it. Nothing changes. */

let own: OwnStore;
let store: CommunityStore;
let mobilisation: string;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
  mobilisation = await sought();
});
afterAll(async () => await own.stop());

const { team, sought, unit, move, offer } = bookingsIn(() => store);
const person = personsOf();

const kind = workflowsOf('joint-unit').get('ResponseTeam');
const later = kind === undefined ? [] : laterMoves(kind).map((one) => one.move);

/** Readers of the team who take no part in the booking, and one who may make no move of any record. */
const strangers = [
  reader,
  asker,
  operator,
  otherDesk,
  { ...desk, organisation: 'csirt-pl' },
  // A person of the desk without a role of a desk, and a machine of the provider.
  { ...desk, roles: ['press-officer'] },
  readerOf({ ...provider, roles: ['policy-auditor'] }),
  { ...provider, client: 'machine' as const },
];

/** The values that each move needs. */
const inputs = (): Readonly<Record<string, object>> => ({
  onCall: { ...week, noticeHours: 24 },
  offCall: {},
  offer: { ...week, mobilisation, reasons: 'EXERCISE' },
  confirm: {},
  refuse: { reason: 'EXERCISE' },
  release: { reason: 'EXERCISE' },
  back: {},
  away: {},
});

test.each(later)('refuses %s to everyone who takes no part', async (name) => {
  const one = person();
  const id = await team({ members: [one] });
  if (name !== 'offer') await offer(desk, id, '03T10:00', { unit: one.pseudonym, mobilisation });
  const before = await unit(provider, id, '03T10:10', one.pseudonym);
  for (const stranger of strangers) {
    const input = { unit: one.pseudonym, ...inputs()[name] };
    const errors = await move(stranger, name, id, '03T10:10', input).catch((error: unknown) => [
      { code: String(error) },
    ]);
    expect(errors).toEqual([
      expect.objectContaining({ code: expect.stringMatching(/NOT_FOUND|NOT_ALLOWED|may not use/) }),
    ]);
  }
  expect(await unit(provider, id, '03T10:10', one.pseudonym)).toEqual(before);
});

test('has values for each move', () => {
  expect(Object.keys(inputs()).toSorted()).toEqual(later.toSorted());
});
