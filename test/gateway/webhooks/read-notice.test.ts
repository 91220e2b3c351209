import { expect, test } from '@jest/globals';
import type { Membership } from '../../../gateway/registry/registry.ts';
import { type ReadParts, readNotice } from '../../../gateway/webhooks/read-notice.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, markingOf, readerOf } from '../../helpers/records.ts';
import { World } from '../live/world.ts';
import { webhookTo } from './place.ts';

/** Tests that a notice is decided and recorded for the reader of a webhook as an event of a subscription. */

const webhook = webhookTo('https://hooks.example/');
const of = { community: 'joint-unit', notice: `JointUnitNotice:${'1'.repeat(43)}` } as const;
const { organisation, communities, memberState, roles, sharingGroups, ...held } = readerOf({
  organisation: 'csirt-pl',
});
const member: Membership = {
  organisation,
  communities,
  memberState,
  roles,
  sharingGroups,
  onwardShares: held.onwardShares,
  grants: held.grants,
  agreements: held.agreements,
  offices: [{ office: 'case-lead', until: '2099-01-01T00:00:00.000Z' }],
  budget: undefined,
};
const elsewhere: Membership = { ...member, organisation: 'csirt-fr' };
const auditor: Membership = { ...member, roles: ['policy-auditor'] };
const readable: Partial<Envelope> = {
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-pl'] }),
  originator: 'csirt-fr',
};

async function opened(envelope = readable): Promise<World> {
  const world = await World.open();
  world.kind = 'InformationRequest';
  world.write(envelope, 'InformationRequest:1');
  return world;
}

async function read(world: World, changes: Partial<ReadParts['registry']> = {}, given = webhook) {
  const registry = {
    findMembership: async () => await Promise.resolve(member),
    isRevoked: () => false,
    ...changes,
  };
  const parts = { stages: () => world.stages, policy: () => policy, registry };
  return await readNotice(given, of, parts, new AbortController().signal);
}

test('reads the notice as a machine of the organisation, which is never on screen and has no office', async () => {
  const world = await opened();
  expect(await read(world)).toMatchObject({
    notice: { serial: 'S-1' },
    extensions: { picture: 'real', holds: { tlp: 'AMBER' }, correlationId: expect.any(String) },
  });
  expect(world.asked[0]?.context).toMatchObject({
    delivery: 'subscription',
    reader: {
      subject: 'm-1',
      organisation: 'csirt-pl',
      client: 'machine',
      purpose: 'incident-response',
      picture: 'real',
      onScreen: false,
      offices: [],
    },
  });
  expect(world.entries).toEqual([
    expect.objectContaining({ token: { clientId: 'webhook:pl-desk', id: null } }),
  ]);
});

test.each([
  [
    'another organisation',
    { ...readable, audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-de'] }) },
  ],
  [
    'persons on screen (RED)',
    { marking: markingOf({ tlp: 'RED' }), audience: audienceOf({ reach: 'NAMED', persons: ['m-1'] }) },
  ],
] as const)('reads and records nothing of a notice whose record is for %s', async (_what, envelope) => {
  const world = await opened(envelope);
  expect(await read(world)).toBeNull();
  expect(world.entries).toEqual([]);
});

test('neither gives nor records a notice that was entered before the webhook began', async () => {
  const world = await opened();
  const from = new Date(Date.parse(world.at) + 1);
  expect(await read(world, {}, { ...webhook, from })).toEqual({
    withheld: 'entered before the webhook began',
  });
  expect(world.entries).toEqual([]);
  expect(await read(world, {}, { ...webhook, from: new Date(world.at) })).not.toHaveProperty('withheld');
});

test('asks no community for a reader without membership or content, or with revoked tokens', async () => {
  const world = await opened();
  const withheld = { withheld: expect.stringContaining('correct the entry') };
  for (const found of [null, elsewhere])
    expect(await read(world, { findMembership: async () => await Promise.resolve(found) })).toEqual(withheld);
  expect(await read(world, { findMembership: async () => await Promise.resolve(auditor) })).toBeNull();
  expect(await read(world, { isRevoked: ({ subject }) => subject === 'm-1' })).toEqual(withheld);
  expect(world.asked).toEqual([]);
});

test('reads and records nothing of a RED record, even if its community discloses it', async () => {
  const world = await opened();
  const honest = world.stages.gather;
  const hostile: typeof honest = async (...asked) => {
    const gathered = await honest(...asked);
    const disclosed = gathered.collected.disclosed.map((one) => ({ ...one, tlp: 'RED' as const }));
    return { ...gathered, collected: { ...gathered.collected, disclosed } };
  };
  world.stages = { ...world.stages, gather: hostile };
  expect(await read(world)).toBeNull();
  expect(world.entries).toEqual([]);
});

test('rejects if the notice cannot be recorded, or the community does not answer', async () => {
  const world = await opened();
  world.trailIsDown = true;
  await expect(read(world)).rejects.toMatchObject({ code: 'TRAIL_UNAVAILABLE' });
  world.trailIsDown = false;
  world.communityIsDown = true;
  await expect(read(world)).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
});
