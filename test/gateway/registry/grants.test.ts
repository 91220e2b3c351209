import { expect, test } from '@jest/globals';
import { type GrantEntry, maxGrants, maxWithdrawn } from '../../../gateway/registry/grants.ts';
import { openRegistry } from '../../../gateway/registry/registry.ts';
import { member, organisation, startRegistry } from './registry-of.ts';

/** The grants of releases in the registry: their places, and who gets them. */

test('enters a grant once, and refuses more than the readers of an organisation can use', async () => {
  await using registry = await startRegistry();
  const grants = registry.db.collection<GrantEntry>('grants');
  const now = new Date('2026-06-01T00:00:00Z');
  const after = (days: number) => new Date(now.getTime() + days * 86_400_000);
  const grant = (_id: string, more: object = {}): GrantEntry => ({
    _id,
    by: 'enisa',
    to: 'csirt-fr',
    until: after(1),
    ...more,
  });
  const { db } = registry;
  const keepGrants = async (entries: readonly GrantEntry[], at: Date) =>
    await openRegistry(db, 60_000).keepGrants(entries, at);
  expect(await keepGrants([grant('g-1'), grant('g-2', { until: after(-2) })], now)).toBe(true);
  expect(await keepGrants([grant('g-1', { to: 'csirt-pl', until: after(9) })], now)).toBe(true);
  // The second one is over, and a later grant removes it.
  expect((await grants.find({ to: 'csirt-fr' }).toArray()).map(({ _id }) => _id)).toEqual(['g-1']);

  await grants.insertMany(Array.from({ length: maxGrants.standing.by - 1 }, (_, at) => grant(`o-${at}`)));
  expect(await keepGrants([grant('g-3')], now)).toBe(false);
  expect(await grants.findOne({ _id: 'g-3' })).toBeNull();
  // All or none: the one that has a place does not keep it.
  expect(await keepGrants([grant('o-0'), grant('g-9', { to: 'csirt-lt' }), grant('g-3')], now)).toBe(false);
  expect(await grants.findOne({ _id: 'g-9' })).toBeNull();
  expect(await grants.findOne({ _id: 'o-0' })).not.toBeNull();
  expect(await keepGrants([grant('g-1')], now)).toBe(true);
  expect(await keepGrants([grant('g-4', { to: 'csirt-at' })], now)).toBe(true);
  expect(await keepGrants([grant('g-5', { by: 'cert-eu' })], now)).toBe(true);
  const left = maxGrants.standing.to - maxGrants.standing.by - 1;
  await grants.insertMany(Array.from({ length: left }, (_, at) => grant(`p-${at}`, { by: `other-${at}` })));
  expect(await keepGrants([grant('g-6', { by: 'cert-eu' })], now)).toBe(false);
  // Emergency releases have places that no other release takes.
  for (let at = 0; at < maxGrants.emergency.by; at += 1)
    expect(await keepGrants([grant(`emergency.${at}`)], now)).toBe(true);
  expect(await keepGrants([grant('emergency.more')], now)).toBe(false);
  const others = maxGrants.emergency.to - maxGrants.emergency.by;
  for (let at = 0; at < others; at += 1)
    expect(await keepGrants([grant(`emergency.other-${at}`, { by: `other-${at}` })], now)).toBe(true);
  expect(await keepGrants([grant('emergency.last', { by: 'another' })], now)).toBe(false);
  // Many at once do not exceed the limit together.
  await Promise.all(
    Array.from(
      { length: 12 },
      async (_, at) => await keepGrants([grant(`m-${at}`, { to: 'csirt-at' })], now),
    ),
  );
  const kept = await grants.countDocuments({ to: 'csirt-at' });
  expect(kept).toBeLessThanOrEqual(maxGrants.standing.by);
  expect(await keepGrants([grant('g-6')], after(2))).toBe(true);
});

test('takes back the grants of refused releases, and keeps what another release or an import made', async () => {
  await using registry = await startRegistry();
  const grants = registry.db.collection<GrantEntry>('grants');
  const opened = openRegistry(registry.db, 60_000);
  const now = new Date('2026-06-01T00:00:00Z');
  const terms = { by: 'enisa', to: 'csirt-fr', until: new Date('2099-01-01T00:00:00Z') };
  await grants.insertOne({ _id: 'imported', ...terms });
  await opened.keepGrants(
    ['once', 'twice', 'twice'].map((_id) => ({ _id, ...terms })),
    now,
  );
  await opened.dropGrants(['once', 'twice', 'imported', 'unknown']);
  const left = await grants.find().sort({ _id: 1 }).toArray();
  expect(left).toMatchObject([{ _id: 'imported' }, { _id: 'twice', uses: 1 }]);
  await opened.dropGrants(['twice']);
  expect(await grants.distinct('_id')).toEqual(['imported']);
});

const after = (days: number) => new Date(Date.UTC(2026, 5, 1 + days));

test('frees the place of a proposal that lapses or is withdrawn, and keeps that of a confirmed one', async () => {
  await using registry = await startRegistry();
  const { db } = registry;
  await db.collection<{ _id: string }>('organisations').insertOne(organisation);
  await db.collection<{ _id: string }>('memberships').insertOne(member);
  const grants = db.collection<GrantEntry>('grants');
  const opened = openRegistry(db, 60_000);
  const now = after(0);
  const proposed = (_id: string, lapsesAt = after(7)): GrantEntry => ({
    _id: `confirmed.${_id}`,
    by: 'enisa',
    to: 'csirt-fr',
    until: after(90),
    person: null,
    lapsesAt,
  });
  const keep = async (entry: GrantEntry, at: Date) => await openRegistry(db, 60_000).keepGrants([entry], at);
  for (let at = 0; at < maxGrants.standing.by; at += 1)
    expect(await keep(proposed(`p-${at}`), now)).toBe(true);
  expect(await keep(proposed('more'), now)).toBe(false);

  await opened.withdrawGrant({ grant: 'confirmed.p-0', release: 'r-0' });
  expect(await keep(proposed('more'), now)).toBe(true);
  expect(await keep(proposed('last'), now)).toBe(false);
  // A second proposal uses the same grant: a withdrawal that is sent twice takes one use back.
  expect(await keep(proposed('p-1', after(8)), after(1))).toBe(true);
  for (let sent = 0; sent < 2; sent += 1)
    await opened.withdrawGrant({ grant: 'confirmed.p-1', release: 'r-1' });
  expect(await grants.findOne({ _id: 'confirmed.p-1' })).toMatchObject({ uses: 1, lapsesAt: after(8) });

  const confirm = async (_id: string, at: Date) => {
    const of = { attempt: `confirm-${_id}`, release: `r-${_id}`, entry: proposed(_id) };
    expect(await opened.beginConfirmation(of, at)).toBe(true);
    await opened.endConfirmation({ attempt: of.attempt, grant: of.entry._id }, true);
  };
  await confirm('p-2', after(2));
  // A proposal with the terms of a confirmed release does not end its place.
  expect(await keep(proposed('p-2', after(9)), after(2))).toBe(true);
  expect(await keep(proposed('late', after(14)), after(7))).toBe(true);
  const held = await opened.findMembership(member._id, after(7));
  expect((held?.grants ?? []).map(({ id }) => id).toSorted()).toEqual([
    'confirmed.late',
    'confirmed.p-1',
    'confirmed.p-2',
  ]);
  // One that has lapsed is proposed again with a new place.
  expect(await keep(proposed('p-3', after(15)), after(9))).toBe(true);
  expect(await grants.findOne({ _id: 'confirmed.p-3' })).toMatchObject({ uses: 1, lapsesAt: after(15) });
  expect(await grants.findOne({ _id: 'confirmed.p-4' })).toBeNull();
});

test('notes a limited number of withdrawals of a grant, each of which gives back one use', async () => {
  await using registry = await startRegistry();
  const grants = registry.db.collection<GrantEntry>('grants');
  const opened = openRegistry(registry.db, 60_000);
  const _id = 'confirmed.p';
  const terms = { by: 'enisa', to: 'csirt-fr', until: after(90), person: null };
  await grants.insertOne({ _id, ...terms, lapsesAt: after(7), uses: 2 * maxWithdrawn });
  for (let at = 0; at < maxWithdrawn + 3; at += 1)
    await opened.withdrawGrant({ grant: _id, release: `r-${at}` });
  // The first one that was noted is still known.
  await opened.withdrawGrant({ grant: _id, release: 'r-0' });
  const kept = await grants.findOne({ _id });
  expect(kept).toMatchObject({ uses: maxWithdrawn, lapsesAt: after(7) });
  expect(kept?.withdrawn).toHaveLength(maxWithdrawn);
});

test('reads the grants of a member whatever else their originators wrote in them', async () => {
  await using registry = await startRegistry();
  const { db } = registry;
  await db.collection<{ _id: string }>('organisations').insertOne(organisation);
  await db.collection<{ _id: string }>('memberships').insertOne(member);
  const terms = { by: 'enisa', to: 'csirt-fr', until: after(90), person: null };
  const withdrawn = ['x'.repeat(1_000_000)];
  const ids = Array.from({ length: maxGrants.standing.to }, (_, at) => `confirmed.${at}`);
  // Together they are larger than a document of MongoDB, and so than the joined entry of a member.
  for (const _id of ids) await db.collection<GrantEntry>('grants').insertOne({ _id, ...terms, withdrawn });
  const found = await openRegistry(db, 60_000).findMembership(member._id, after(0));
  expect(found?.grants.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
});

test('finds the members of an organisation whose membership has not ended', async () => {
  await using registry = await startRegistry();
  const opened = openRegistry(registry.db, 60_000);
  const now = new Date('2026-06-01T00:00:00Z');
  const former = { ...member, _id: 'u-former', until: now };
  const malformed = { ...member, _id: 'u-malformed', until: '2099-01-01' };
  await registry.db.collection<{ _id: string }>('memberships').insertMany([member, former, malformed]);
  const asked = [member._id, 'u-former', 'u-malformed', 'u-other'];
  expect(await opened.findMembersOf('csirt-fr', asked, now)).toEqual([member._id]);
  expect(await opened.findMembersOf('csirt-pl', [member._id], now)).toEqual([]);
});

test('gives the grant of an emergency release for one person to this person only', async () => {
  await using registry = await startRegistry();
  const { db } = registry;
  await db.collection<{ _id: string }>('organisations').insertOne(organisation);
  await db.collection<{ _id: string }>('memberships').insertOne(member);
  const terms = { by: 'enisa', to: 'csirt-fr', until: new Date('2099-01-01T00:00:00Z') };
  const persons = [undefined, null, member._id, 'u-other', { $gt: '' }] as const;
  const grants = persons.map((person, at) => ({ _id: `emergency.${at}`, ...terms, person }));
  await db.collection<{ _id: string }>('grants').insertMany(grants);
  const found = await openRegistry(db, 60_000).findMembership(member._id, new Date('2026-06-01T00:00:00Z'));
  const ids = (found?.grants ?? []).map(({ id }) => id);
  expect(ids.toSorted()).toEqual(['emergency.0', 'emergency.1', 'emergency.2']);
});

test('reads a limited number of grants for a request, those that end last', async () => {
  await using registry = await startRegistry();
  const { db } = registry;
  await db.collection<{ _id: string }>('organisations').insertOne(organisation);
  await db.collection<{ _id: string }>('memberships').insertOne(member);
  const many = Array.from({ length: maxGrants.read + 5 }, (_, at) => ({
    _id: `g-${at}`,
    by: 'enisa',
    to: 'csirt-fr',
    until: new Date(Date.UTC(2099, 0, 1, 0, at)),
  }));
  await db.collection<GrantEntry>('grants').insertMany(many);
  const found = await openRegistry(db, 60_000).findMembership('u-1', new Date('2026-06-01T00:00:00Z'));
  expect(found?.grants).toHaveLength(maxGrants.read);
  expect(found?.grants.some(({ id }) => id === 'g-0')).toBe(false);
  // An emergency release ends soon, and is read before them.
  const urgent = {
    _id: 'emergency.1',
    by: 'enisa',
    to: 'csirt-fr',
    until: new Date('2098-01-01T00:00:00Z'),
    emergency: true as const,
  };
  await db.collection<GrantEntry>('grants').insertOne(urgent);
  const again = await openRegistry(db, 60_000).findMembership('u-1', new Date('2026-06-01T00:00:00Z'));
  expect(again?.grants.map(({ id }) => id)).toContain('emergency.1');
});
