import { expect, test } from '@jest/globals';
import type { Db } from 'mongodb';
import { isInForce, openRegistry, toMembership } from '../../../gateway/registry/registry.ts';
import { member, organisation, startRegistry } from './registry-of.ts';

const until = new Date('2026-12-31T00:00:00Z');
const office = {
  _id: 'o-1',
  office: 'case-lead',
  subject: 'u-1',
  organisation: 'csirt-fr',
  from: new Date(0),
  until,
};

test('joins member and organisation without the name of the organisation', () => {
  expect(toMembership(member, organisation, [], [], [], [])).toEqual({
    organisation: 'csirt-fr',
    communities: ['cyber-defence'],
    memberState: 'FR',
    roles: ['csirt-analyst'],
    sharingGroups: ['g-1'],
    onwardShares: [],
    grants: [],
    agreements: [],
    offices: [],
    budget: undefined,
  });
});

test('returns shares, grants and agreements by their ids, with times in RFC 3339', () => {
  const share = { _id: 's-1', by: 'enisa', client: 'csirt-fr', need: 'protection', until };
  const grant = { _id: 'g-1', by: 'cert-eu', to: 'csirt-fr', until };
  const agreement = {
    _id: 'A-7',
    parties: ['csirt-fr', 'europol'],
    from: new Date(0),
    until,
    tlpCeiling: 'AMBER' as const,
    purposes: ['incident-response'] as const,
  };
  const joined = toMembership(member, organisation, [share], [grant], [agreement], []);
  expect(joined).toMatchObject({
    onwardShares: [{ id: 's-1', by: 'enisa', until: '2026-12-31T00:00:00.000Z' }],
    grants: [{ id: 'g-1', by: 'cert-eu', until: '2026-12-31T00:00:00.000Z' }],
    agreements: [
      {
        id: 'A-7',
        until: '2026-12-31T00:00:00.000Z',
        tlpCeiling: 'AMBER',
        purposes: ['incident-response'],
      },
    ],
  });
  expect(JSON.stringify(joined)).not.toMatch(/protection|europol/);
});

const offices = (...entries: readonly object[]) =>
  toMembership(member, organisation, [], [], [], entries as never)?.offices;

test('returns each office of a person once, with its last end in RFC 3339', () => {
  const earlier = { ...office, _id: 'o-2', until: new Date('2026-07-01T00:00:00Z') };
  const signatory = { ...office, _id: 'o-3', office: 'signatory', until: earlier.until };
  const expected = [
    { office: 'case-lead', until: '2026-12-31T00:00:00.000Z' },
    { office: 'signatory', until: '2026-07-01T00:00:00.000Z' },
  ];
  expect(offices(earlier, office, signatory)).toEqual(expected);
  expect(offices(office, signatory, earlier)).toEqual(expected);
});

test.each<[string, object]>([
  ['without one of the roles that it requires', { office: 'reserve-decider' }],
  ['that is not declared', { office: 'emperor' }],
  ['that has the name of a member of every object', { office: 'constructor' }],
  ['that is a list of names', { office: ['case-lead'] }],
  ['of another person', { subject: 'u-2' }],
  ['of several persons', { subject: ['u-1', 'u-2'] }],
  ['of another organisation', { organisation: 'csirt-pl' }],
  ['of several organisations', { organisation: ['csirt-fr', 'csirt-pl'] }],
  ['without an end', { until: null }],
])('gives no right for an office %s', (_case, changes) => {
  expect(offices({ ...office, ...changes })).toEqual([]);
});

test('returns the budget of an organisation as it is stored, without a check of its form', () => {
  const budget = { points: 'many' };
  expect(toMembership(member, { ...organisation, budget }, [], [], [], [])?.budget).toBe(budget);
});

test('counts a membership as ended if its end is malformed or missing', () => {
  const now = new Date('2026-03-04T12:00:00Z');
  const later = new Date('2026-03-04T12:00:01Z');
  for (const end of [null, later]) expect(isInForce({ until: end }, now)).toBe(true);
  for (const end of [
    now,
    new Date(0),
    new Date(NaN),
    undefined,
    '',
    '2099-12-31',
    4_000_000_000_000,
    [later],
    {},
    true,
  ])
    expect([end, isInForce({ until: end }, now)]).toEqual([end, false]);
});

test.each<[string, object, object]>([
  ['roles that are a text', { roles: 'csirt-analyst' }, {}],
  ['a role that is no text', { roles: ['csirt-analyst', 7] }, {}],
  ['no sharing groups', { sharingGroups: undefined }, {}],
  ['another organisation', { organisation: 'europol' }, {}],
  ['communities that are a text', {}, { communities: 'cyber-defence' }],
  ['a Member State that is no text', {}, { memberState: ['FR'] }],
])('gives no membership for a malformed entry: %s', (_case, ofMember, ofOrganisation) => {
  const [one, other] = [
    { ...member, ...ofMember },
    { ...organisation, ...ofOrganisation },
  ];
  expect(toMembership(one as never, other as never, [], [], [], [])).toBeNull();
});

test('leaves out a share, a grant, an agreement and an office that is malformed, and keeps the others', () => {
  const share = { _id: 's-1', by: 'enisa', client: 'csirt-fr', need: 'protection', until };
  const agreement = {
    _id: 'A-7',
    parties: ['csirt-fr', 'europol'],
    from: new Date(0),
    until,
    tlpCeiling: 'AMBER' as const,
    purposes: ['incident-response'] as const,
  };
  const joined = toMembership(
    member,
    organisation,
    [share, { ...share, _id: 's-2', until: [until] as never }],
    [{ _id: 'g-1', by: ['cert-eu'] as never, until }],
    [
      agreement,
      { ...agreement, _id: 'A-8', tlpCeiling: 'PURPLE' as never },
      { ...agreement, _id: 'A-9', purposes: 'incident-response' as never },
    ],
    [office, { ...office, office: 'editor', until: [until] as never }],
  );
  expect(joined).toMatchObject({
    onwardShares: [{ id: 's-1' }],
    grants: [],
    agreements: [{ id: 'A-7' }],
    offices: [{ office: 'case-lead' }],
  });
});

const named = (name: string) => [name, 'nobody', 'g-1'];

test('finds the recipients that the registry has, in each list', async () => {
  await using registry = await startRegistry();
  const { db } = registry;
  const insert = async (name: string, entry: object) => await db.collection(name).insertOne(entry);
  await insert('organisations', organisation);
  await insert('memberships', member);
  await insert('agreements', { _id: 'A-7' });
  const found = await openRegistry(db, 60_000).findRecipients({
    organisations: named('csirt-fr'),
    sharingGroups: named('g-1'),
    persons: named('u-1'),
    agreements: named('A-7'),
  });
  expect(found).toEqual({
    organisations: ['csirt-fr'],
    sharingGroups: ['g-1'],
    persons: ['u-1'],
    agreements: ['A-7'],
  });
});

test('finds the onward shares that an organisation gives now, and none of another one', async () => {
  await using registry = await startRegistry();
  const end = new Date('2026-06-01T00:00:00Z');
  const ofEnisa = { by: 'enisa', client: 'csirt-fr', need: 'EXERCISE', until: end };
  await registry.db.collection<{ _id: string }>('onwardShares').insertMany([
    { _id: 's-1', ...ofEnisa },
    { _id: 's-2', ...ofEnisa, by: 'cert-eu' },
  ]);
  const find = async (now: Date) =>
    await openRegistry(registry.db, 60_000).findShares(['s-1', 's-2', 's-3'], 'enisa', now);
  expect(await find(new Date(end.getTime() - 1))).toEqual(['s-1']);
  expect(await find(end)).toEqual([]);
});

test('joins what is in force at the time of each request, and reads it again at each', async () => {
  await using started = await startRegistry();
  const { db } = started;
  const insert = async (name: string, ...entries: readonly object[]) =>
    await db.collection(name).insertMany([...entries]);
  const soon = new Date('2026-06-01T00:00:00Z');
  await insert('organisations', organisation, { ...organisation, _id: 'enisa' });
  await insert(
    'memberships',
    member,
    { ...member, _id: 'u-2', organisation: 'enisa', until: soon },
    { ...member, _id: 'u-3', organisation: 'no-entry' },
    { ...member, _id: 'u-4', organisation: ['csirt-fr'] },
  );
  await insert(
    'onwardShares',
    { _id: 's-1', by: 'enisa', client: 'csirt-fr', need: 'n', until: soon },
    { _id: 's-2', by: 'enisa', client: 'enisa', need: 'n', until },
    { _id: 's-3', by: 'enisa', client: 'csirt-fr', need: 'n', until: '2099-01-01' },
  );
  await insert('grants', { _id: 'g-1', by: 'cert-eu', to: 'csirt-fr', until });
  const agreement = { parties: ['csirt-fr', 'europol'], until, tlpCeiling: 'AMBER', purposes: [] };
  await insert(
    'agreements',
    { _id: 'A-7', ...agreement, from: new Date(0) },
    { _id: 'A-8', ...agreement, from: soon },
    { _id: 'A-9', ...agreement, from: '1970-01-01' },
  );
  const registry = openRegistry(db, 60_000);
  const [early, late] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-07-01T00:00:00Z')];
  const subjects = ['u-1', 'u-2', 'u-3', 'u-4', 'nobody'];
  const at = async (now: Date) =>
    await Promise.all(subjects.map(async (one) => await registry.findMembership(one, now)));
  const ids = (lists: Awaited<ReturnType<typeof at>>) =>
    lists.map((one) => one && [...one.onwardShares, ...one.grants, ...one.agreements].map(({ id }) => id));
  const [atEarly, atLate] = await Promise.all([at(early), at(late)]);
  expect(ids(atEarly)).toEqual([['s-1', 'g-1', 'A-7'], ['s-2'], null, null, null]);
  expect(ids(atLate)).toEqual([['g-1', 'A-7', 'A-8'], null, null, null, null]);
  await db.collection('memberships').deleteOne({ _id: 'u-1' as never });
  expect(await registry.findMembership('u-1', early)).toBeNull();
});

test('joins the offices that are in force in the person’s organisation at the time of each request', async () => {
  await using started = await startRegistry();
  const { db } = started;
  const soon = new Date('2026-06-01T00:00:00Z');
  const moved = { ...member, _id: 'u-2', organisation: 'enisa', until: soon };
  const untrained = { ...member, _id: 'u-3', roles: ['private-user'] };
  await insertInto(db, 'organisations', organisation, { ...organisation, _id: 'enisa' });
  await insertInto(db, 'memberships', member, moved, untrained);
  const entries = [
    {},
    { office: 'signatory', until: soon },
    { office: 'owner-delegate', from: soon },
    { office: 'evaluator', from: '1970-01-01' },
    { office: 'evaluator', until: '2099-01-01' },
    { office: 'csirts-network-chair', organisation: 'enisa' },
    { office: 'cert-eu-head' },
    { office: 'emperor' },
    { office: 'case-lead', subject: 'u-2' },
    { office: 'signatory', subject: 'u-2', organisation: 'enisa' },
    { office: 'case-lead', subject: 'u-3' },
    { office: 'signatory', subject: 'u-3' },
    { office: 'signatory', subject: 'nobody' },
  ].map((changes, number) => ({ ...office, ...changes, _id: `o-${number}` }));
  await insertInto(db, 'offices', ...entries);
  const registry = openRegistry(db, 60_000);
  const at = async (now: Date) =>
    await Promise.all(
      ['u-1', 'u-2', 'u-3', 'nobody'].map(async (one) => {
        const found = await registry.findMembership(one, now);
        return found && found.offices.map((held) => held.office).toSorted();
      }),
    );
  const [early, late] = [new Date('2026-05-01T00:00:00Z'), new Date('2026-07-01T00:00:00Z')];
  const [atEarly, atLate] = await Promise.all([at(early), at(late)]);
  expect(atEarly).toEqual([['case-lead', 'signatory'], ['signatory'], ['signatory'], null]);
  expect(atLate).toEqual([['case-lead', 'owner-delegate'], null, ['signatory'], null]);
  await db.collection('offices').deleteOne({ _id: 'o-0' as never });
  expect((await at(early))[0]).toEqual(['signatory']);
});

test('reads at most 50 entries of offices for a person: those with the latest ends', async () => {
  await using started = await startRegistry();
  const { db } = started;
  await insertInto(db, 'organisations', organisation);
  await insertInto(db, 'memberships', member);
  const later = new Date('2027-01-01T00:00:00Z');
  const many = Array.from({ length: 49 }, (_, number) => ({ ...office, _id: `m-${number}`, until: later }));
  const unknown = { ...office, _id: 'x', office: 'emperor', until: later };
  const signatory = { ...office, _id: 's', office: 'signatory', until: new Date('2026-12-30T00:00:00Z') };
  await insertInto(db, 'offices', ...many, unknown, signatory);
  const held = async () => {
    const found = await openRegistry(db, 60_000).findMembership('u-1', new Date('2026-05-01T00:00:00Z'));
    return found?.offices.map((one) => one.office);
  };
  expect(await held()).toEqual(['case-lead', 'signatory']);
  await insertInto(db, 'offices', { ...office, _id: 'm-50' });
  expect(await held()).toEqual(['case-lead']);
});

async function insertInto(db: Db, name: string, ...entries: readonly object[]): Promise<void> {
  await db.collection(name).insertMany([...entries]);
}
