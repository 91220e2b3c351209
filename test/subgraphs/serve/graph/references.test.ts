import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { graphql } from 'graphql';
import type { Envelope, StoredRecord } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/cert-eu/community.ts';
import type { Context } from '../../../../subgraphs/serve/graph/context.ts';
import { hubErrorOf } from '../../../../subgraphs/serve/read/connection.ts';
import { Loaders } from '../../../../subgraphs/serve/read/loaders.ts';
import { buildCommunitySchema } from '../../../../subgraphs/serve/graph/schema.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { admittedKeys, policy } from '../../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../../helpers/records.ts';
import { openOwnStore, type OwnStore } from '../../../helpers/own-store.ts';

const now = new Date('2026-11-24T12:00:00Z');
const cursorKey = Buffer.alloc(32, 7);
const { kinds } = community;
const schema = buildCommunitySchema(community, policy);
const open = 'Advisory:open';
const hidden = 'Advisory:hidden';
let own: OwnStore;
let store: CommunityStore;

beforeAll(async () => {
  own = await openOwnStore('cert-eu', community.kinds);
  ({ store } = own);
  const named = envelopeOf({
    marking: markingOf({ tlp: 'AMBER' }),
    audience: audienceOf({ reach: 'NAMED', organisations: ['cert-eu'] }),
  });
  const kept = [recordOf(open, envelopeOf()), recordOf(hidden, named)];
  await store.records.get('Advisory')?.collection.insertMany(kept as never);
});

afterAll(async () => await own.stop());

function recordOf(id: string, envelope: Envelope): StoredRecord {
  const { admits, early } = admittedKeys(envelope);
  return {
    _id: id,
    schemaVersion: 1,
    feed: 'test',
    envelope: { ...envelope, localId: id },
    content: {
      serial: `serial of ${id}`,
      title: { value: `title of ${id}`, lang: 'en' },
      vulnerabilities: [],
    },
    sortAt: new Date('2026-01-01T00:00:00Z'),
    openFrom: new Date(0),
    admits,
    admitsEarly: early,
    policy: 'test',
    contentHash: id,
  };
}

const source = `query ($all: [_Any!]!) { _entities(representations: $all) {
  __typename
  ... on Advisory { id serial title { value } envelope { localId audience { organisations { id } } } }
  ... on Vulnerability { id advisories { nodes { id } } }
  ... on Organisation { id }
} }`;

/** Asks `_entities` like the hub, for a reader of a CSIRT that no audience names. */
async function resolveReferences(all: readonly unknown[], changes: Parameters<typeof readerOf>[0] = {}) {
  const reader = readerOf(changes);
  const readerAccess = policy.accessOf(reader, now);
  const loaders = new Loaders({ store, kinds, policy, readerAccess, cursorKey });
  const contextValue = { reader, readerAccess, loaders } as unknown as Context;
  const variableValues = JSON.parse(JSON.stringify({ all })) as Record<string, unknown>;
  const { data, errors } = await graphql({ schema, source, variableValues, contextValue });
  const text = JSON.stringify(data);
  return {
    entities: (data?.['_entities'] ?? null) as readonly (Record<string, unknown> | null)[] | null,
    codes: (errors ?? []).map((error) => hubErrorOf(error)?.code ?? 'INTERNAL'),
    given: loaders.given().map(({ id }) => id),
    text,
  };
}

test('decides a reference like any read: a hidden record looks like one that does not exist', async () => {
  const answer = await resolveReferences(
    [open, hidden, 'Advisory:none'].map((id) => ({ __typename: 'Advisory', id })),
  );
  expect(answer.entities).toEqual([
    expect.objectContaining({ id: open, serial: `serial of ${open}` }),
    null,
    null,
  ]);
  expect([answer.codes, answer.given]).toEqual([[], [open]]);
  const member = await resolveReferences([{ __typename: 'Advisory', id: hidden }], {
    organisation: 'cert-eu',
  });
  expect(member.entities?.[0]).toMatchObject({ id: hidden });
});

test('uses only the key of a forged reference: no content, no decision, no prototype', async () => {
  const decision = { hidden: [], groups: ['audience'] };
  const forged = {
    __typename: 'Advisory',
    id: hidden,
    type: 'Advisory',
    serial: 'forged',
    decision,
    envelope: { localId: 'forged' },
    content: { serial: 'forged' },
  };
  const polluting = JSON.parse(
    `{ "__typename": "Advisory", "id": "${hidden}", "__proto__": { "decision": {}, "serial": "forged" }, "constructor": {} }`,
  ) as unknown;
  const answer = await resolveReferences([forged, polluting, { ...forged, id: open }]);
  expect(answer.entities?.slice(0, 2)).toEqual([null, null]);
  expect(answer.text).not.toContain('forged');
  expect(({} as Record<string, unknown>)['serial']).toBeUndefined();
});

test('rejects an operator object, a list and a number as a key', async () => {
  const ids = [
    { $ne: null },
    { $gt: '' },
    { $regex: '.' },
    [hidden],
    [open],
    7,
    true,
    null,
    '',
    `${open}\u0000`,
  ];
  for (const type of ['Advisory', 'Vulnerability', 'Organisation']) {
    const answer = await resolveReferences(
      ids.filter((id) => id !== '').map((id) => ({ __typename: type, id })),
    );
    const named = answer.entities?.filter((one) => one !== null) ?? [];
    expect(named.map(({ id }) => id)).toEqual(type === 'Advisory' ? [] : [`${open}\u0000`]);
    expect(answer.given).toEqual([]);
  }
  expect((await resolveReferences([{ __typename: 'Advisory' }])).entities).toEqual([null]);
});

test('returns nothing for a reference with the id of another type', async () => {
  for (const type of ['MispEvent', 'Sighting', 'ActorProfile', 'Vulnerability', 'Organisation']) {
    const answer = await resolveReferences([{ __typename: type, id: hidden }]);
    expect([answer.given, answer.text.includes('serial of')]).toEqual([[], false]);
  }
  for (const type of ['Envelope', 'Marking', 'AdvisoryConnection', 'Query', '_Service', 'None', '__Type']) {
    const answer = await resolveReferences([
      { __typename: type, id: hidden, localId: 'forged', nodes: [{ id: hidden }] },
    ]);
    expect([answer.given, answer.text.includes('forged'), answer.codes.length]).toEqual([[], false, 1]);
  }
});

test('ignores the fields of a forged reference to a shared entity', async () => {
  const advisories = { nodes: [{ id: hidden, serial: 'forged' }] };
  const answer = await resolveReferences([
    { __typename: 'Vulnerability', id: 'Vulnerability:CVE-2099-1', advisories, name: 'forged' },
  ]);
  expect(answer.entities).toEqual([
    { __typename: 'Vulnerability', id: 'Vulnerability:CVE-2099-1', advisories: { nodes: [] } },
  ]);
});

test('decides each of thousands of references, in their order', async () => {
  const ids = Array.from({ length: 5000 }, (_, at) => [hidden, 'Advisory:none', open][at % 3] ?? '');
  const answer = await resolveReferences(
    ids.map((id, at) => ({ __typename: 'Advisory', id: at % 50 === 0 ? `${id}${at}` : id })),
  );
  const expected = ids.map((id, at) => (id === open && at % 50 !== 0 ? open : null));
  expect(answer.entities?.map((one) => one?.['id'] ?? null)).toEqual(expected);
  expect([answer.codes, answer.given]).toEqual([[], [open]]);
});
