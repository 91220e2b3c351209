import { beforeAll, expect, test } from '@jest/globals';
import { generateKeyPair, SignJWT } from 'jose';
import { identify } from '../../../gateway/identity/identify.ts';
import type { Membership, Registry } from '../../../gateway/registry/registry.ts';
import type { Revocations } from '../../../gateway/registry/revocations.ts';

const now = new Date('2026-03-04T12:00:00Z');
const membership: Membership = {
  organisation: 'enisa',
  communities: ['cyber-defence'],
  memberState: null,
  roles: ['csirt-analyst'],
  sharingGroups: [],
  onwardShares: [],
  grants: [],
  agreements: [],
  offices: [{ office: 'signatory', until: '2026-12-31T00:00:00.000Z' }],
  budget: { points: 10, seconds: 1 },
};

type Key = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Key;

beforeAll(async () => {
  pair = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
});

async function bearer(claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  const standard = { sub: 'u-1', client_id: 'workbench', organisation: 'enisa', picture: 'real', jti: 't-0' };
  const times = { iat: now.getTime() / 1000, exp: now.getTime() / 1000 + 60 };
  const token = await new SignJWT({ iss: 'i', aud: 'a', ...standard, ...times, ...claims })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt' })
    .sign(pair.privateKey);
  return `Bearer ${token}`;
}

type Registered = { readonly found?: Membership | null; readonly revoked?: readonly string[] };

async function identifyBy(
  authorization: string | undefined,
  { found = membership, revoked = [] }: Registered = {},
) {
  const rules = {
    issuer: 'i',
    audience: 'a',
    keys: () => Promise.resolve(pair.publicKey),
    maxTokenSeconds: 3600,
    strongAcr: ['strong'],
  };
  const registry: Registry & Revocations = {
    findMembership: () => Promise.resolve(found),
    findOrganisations: () => Promise.resolve([]),
    listOrganisations: () => Promise.resolve([]),
    findRecipients: async (named) => await Promise.resolve(named),
    findShares: async (ids) => await Promise.resolve(ids),
    keepGrants: async () => await Promise.resolve(true),
    dropGrants: async () => await Promise.resolve(),
    beginConfirmation: async () => await Promise.resolve(true),
    endConfirmation: async () => await Promise.resolve(),
    forgetConfirmations: async () => await Promise.resolve(),
    withdrawGrant: async () => await Promise.resolve(),
    findMembersOf: async (_organisation, subjects) => await Promise.resolve(subjects),
    isRevoked: (token, at) => {
      expect(at).toBe(now);
      return revoked.includes(token.id) || revoked.includes(token.subject);
    },
  };
  return await identify(authorization, rules, registry, now);
}

test('joins the token with the registry, and keeps the budget out of the reader', async () => {
  const { reader, token, budget } = await identifyBy(
    await bearer({ jti: 't-1', purpose: 'incident-response' }),
  );
  const { budget: _, ...facts } = membership;
  expect(reader).toEqual({
    subject: 'u-1',
    ...facts,
    offices: [],
    client: 'machine',
    purpose: 'incident-response',
    picture: 'real',
    onScreen: false,
  });
  expect([token, budget]).toEqual([{ clientId: 'workbench', id: 't-1' }, membership.budget]);
});

test('gives the offices of the registry to a natural person only', async () => {
  const person = await identifyBy(await bearer({ interactive: true }));
  expect(person.reader.offices).toEqual(membership.offices);
  const machine = await identifyBy(await bearer({ interactive: false }));
  expect(machine.reader.offices).toEqual([]);
});

test.each([
  ['an interactive client with strong authentication', { interactive: true, acr: 'strong' }, true],
  ['an interactive client with weak authentication', { interactive: true, acr: 'weak' }, false],
  ['an interactive client without acr', { interactive: true }, false],
  ['a machine with a strong acr', { interactive: false, acr: 'strong' }, false],
])(
  'allows RED on screen only to a person with strong authentication: %s',
  async (_case, claims, onScreen) => {
    const { reader } = await identifyBy(await bearer(claims));
    expect([reader.onScreen, reader.client]).toEqual([onScreen, claims.interactive ? 'person' : 'machine']);
  },
);

test('rejects a subject that is not a member, or a member of another organisation', async () => {
  const unauthenticated = expect.objectContaining({ code: 'UNAUTHENTICATED' });
  await expect(identifyBy(await bearer(), { found: null })).rejects.toEqual(unauthenticated);
  const other = { ...membership, organisation: 'europol' };
  await expect(identifyBy(await bearer(), { found: other })).rejects.toEqual(unauthenticated);
});

test('rejects a token that was revoked by its id or by its subject', async () => {
  for (const revoked of [['t-0'], ['u-1']])
    await expect(identifyBy(await bearer(), { revoked })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  expect((await identifyBy(await bearer(), { revoked: ['t-1', 'u-2'] })).reader.subject).toBe('u-1');
});

test.each([undefined, '', 'Bearer', 'Bearer a.b', 'Basic a.b.c', 'Bearer a.b.c d', 'Bearer a.b.c.d'])(
  'rejects the authorization header %s',
  async (authorization) => {
    await expect(identifyBy(authorization)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  },
);
