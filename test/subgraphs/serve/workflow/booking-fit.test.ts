import { expect, test } from '@jest/globals';
import { workflowsOf } from '../../../../schema/workflow/served.ts';
import { type Candidate, findUnfit } from '../../../../subgraphs/serve/workflow/kinds/booking-fit.ts';

const day = (number: number): Date => new Date(Date.UTC(2026, 10, number));
const entered = { envelope: { originator: 'csirt-de', custodian: 'joint-unit' } };

/** Returns the message of the refusal of a person with this clearance. Null if the person can be offered. */
function refusalOf(needed: string, member: object, more: Partial<Candidate> = {}): string | null {
  const of = workflowsOf('joint-unit').get('ResponseTeam')?.thread;
  if (of === undefined || of === null) throw new Error('expected the workflow of bookings');
  const item = { pseudonym: 'EX-M1', clearanceUntil: day(30), briefedAt: day(1), ...member };
  const candidate: Candidate = {
    unit: { name: 'EX-M1', field: 'members', item },
    team: { provider: 'csirt-de', kind: 'csirts-network-peer', members: [item] },
    mobilisation: { mechanism: 'csirts-network-peer', clearanceNeeded: needed },
    progress: { state: 'available', since: day(1), facts: {}, former: null },
    period: { from: day(10), until: day(17) },
    now: day(3),
    ...more,
  };
  return findUnfit(of, entered, candidate)?.message ?? null;
}

test.each([
  ['restricted', 'restricted'],
  ['restricted', 'Restreint UE'],
  ['confidential', 'SECRET'],
  ['Confidentiel UE/EU Confidential', 'eu_confidential'],
  ['EU_SECRET', ' Tr\u00E8s Secret UE/EU Top Secret '],
  ['secret', 'top-secret'],
  ['TR\u00C8S SECRET', 'TRES  SECRET'],
])('takes for %j a person with the clearance %j', (needed, clearance) => {
  expect(refusalOf(needed, { clearance })).toBeNull();
});

test.each([
  ['restricted', 'unrestricted'],
  ['confidential', 'not confirmed'],
  ['secret', 'secret (refused)'],
  ['secret', 'no secret'],
  ['secret', 'EU CONFIDENTIAL'],
  ['top secret', 'secret'],
  ['restricted', ''],
  ['restricted', null],
])('refuses for %j a person with the clearance %j', (needed, clearance) => {
  expect(refusalOf(needed, { clearance })).toBe(`expected a clearance of at least ${needed}`);
});

test('refuses a needed clearance that is no level, even if the person has the same text', () => {
  expect(refusalOf('cosmic', { clearance: 'cosmic' })).toBe(
    'expected restricted, confidential, secret, top secret as the clearance that the mobilisation needs, got cosmic',
  );
});

test('needs the end of a clearance from confidential on, and a briefing at each level', () => {
  const clearance = 'secret';
  expect(refusalOf('confidential', { clearance, clearanceUntil: null })).toContain(
    'the end of the clearance',
  );
  expect(refusalOf('restricted', { clearance, clearanceUntil: null })).toBeNull();
  expect(refusalOf('restricted', { clearance, clearanceUntil: day(12) })).toContain('the clearance ends');
  expect(refusalOf('restricted', { clearance, briefedAt: null })).toContain('a security briefing');
});

/** Returns the message of the refusal of a person who has the needed clearance. */
function refusedFor(more: Partial<Candidate>): string | null {
  return refusalOf('restricted', { clearance: 'secret', clearanceUntil: null }, more);
}

test('takes a person for a limited time, not far ahead, and for the mechanism of the team only', () => {
  expect(refusedFor({ period: { from: day(10), until: day(190) } })).toBeNull();
  expect(refusedFor({ period: { from: day(10), until: day(191) } })).toBe(
    'expected a period of 180 days at most',
  );
  expect(refusedFor({ period: { from: day(369), until: day(370) } })).toBeNull();
  expect(refusedFor({ period: { from: day(370), until: day(371) } })).toBe(
    'expected a start within 366 days',
  );
  expect(refusedFor({ mobilisation: { mechanism: 'reserve', clearanceNeeded: 'restricted' } })).toBe(
    'expected a team of the mechanism of the mobilisation',
  );
});
