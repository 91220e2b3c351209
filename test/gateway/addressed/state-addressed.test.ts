import { expect, test } from '@jest/globals';
import { isObjectType } from 'graphql';
import type { Stages } from '../../../gateway/answer.ts';
import type { AuditFacts } from '../../../gateway/audit/entry.ts';
import type { FindReceivers, ReceiversAsked } from '../../../gateway/audit/receivers.ts';
import { prepare } from '../../../gateway/answer.ts';
import { createCollected } from '../../../gateway/dispatch/collected.ts';
import { Observed } from '../../../gateway/observe/observed.ts';
import { lookupOf } from '../../../gateway/addressed/named-record.ts';
import { stateAddressed } from '../../../gateway/addressed/state-addressed.ts';
import type { Recipients } from '../../../gateway/registry/registry.ts';
import type { RequestContext } from '../../../gateway/request/context.ts';
import { createParse } from '../../../gateway/request/parse.ts';
import { WrittenData } from '../../../gateway/shape/written-data.ts';
import { HubError } from '../../../schema/errors.ts';
import type { Envelope } from '../../../schema/record/envelope.ts';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { policy } from '../../helpers/policy.ts';
import { audienceOf, envelopeOf, markingOf, readerOf } from '../../helpers/records.ts';
import { disclosure } from '../audit/facts.ts';
import { published, World } from '../live/world.ts';

const record = 'MispEvent:q3Jr0cXoT1y2bV8kLw5zSg';
const content = { recordId: record, reason: 'ERROR', action: 'UN_BLOCK', use: 'OTHER' };
const mutation = `mutation I($input: IssueRecallInput!) { issueRecall(input: $input) { record { id } } }`;
const own: Partial<Envelope> = {
  originator: 'csirt-fr',
  marking: markingOf({ tlp: 'AMBER' }),
  audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-de'] }),
};

/** A hub with one record of a community, a log and a registry. */
class Hub {
  envelope: Envelope | null;
  received: readonly string[] | null = ['csirt-de', 'csirt-fr', 'csirt-pl', 'gone'];
  isDown = false;
  isBusy = false;
  readonly sent: Record<string, string> = {};
  readonly searched: ReceiversAsked[] = [];
  readonly #world: World;

  constructor(world: World, envelope: Partial<Envelope> | null) {
    this.#world = world;
    this.envelope = envelope === null ? null : envelopeOf(envelope);
  }

  static async with(envelope: Partial<Envelope> | null = own): Promise<Hub> {
    return new Hub(await World.open(), envelope);
  }

  get entries(): readonly AuditFacts[] {
    return this.#world.entries;
  }

  async state(changes: Partial<Reader> = {}, query = mutation, id = record, about: object = content) {
    const { stages } = this;
    const setHeaders = (fields: Readonly<Record<string, string>>) => void Object.assign(this.sent, fields);
    const context = { ...contextOf(readerOf({ roles: ['csirt-analyst'], ...changes })), setHeaders };
    const input = { key: 'k', content: { ...about, recordId: id } };
    const prepared = await prepare(createParse()({ query, variables: { input } }), context, stages);
    if ('errors' in prepared) throw new Error(JSON.stringify(prepared.errors));
    return (await stateAddressed(prepared, context, stages)).addressed ?? null;
  }

  get stages(): Stages {
    const findReceivers: FindReceivers = async (asked) => {
      this.searched.push(asked);
      if (this.isBusy) throw new HubError('OVERLOADED');
      return await Promise.resolve(this.received);
    };
    const gather: Stages['gather'] = async ({ variables }, { reader }) => {
      const collected = createCollected();
      const { envelope } = this;
      const access = policy.accessOf(reader, new Date());
      const isSeen =
        envelope !== null &&
        variables.coerced['id'] === record &&
        policy.decideRow(envelope, 'MispEvent', access) !== null;
      if (this.isDown) collected.failedSubgraphs.add('cert-eu');
      const { marking } = envelope ?? envelopeOf();
      if (isSeen) collected.disclosed.push(disclosure({ type: 'MispEvent', id: record, ...marking }));
      const originator = { id: `Organisation:${envelope?.originator}` };
      const embargoUntil = envelope?.embargoUntil?.toISOString() ?? null;
      const named = isSeen ? { id: record, envelope: { originator, embargoUntil } } : null;
      const written = new WrittenData(JSON.stringify({ named }));
      return await Promise.resolve({ written, given: null, collected });
    };
    const { stages } = this.#world;
    const store = { ...stages.store, findReceivers, registry: { findRecipients } };
    return { ...stages, gather, store } as unknown as Stages;
  }
}

async function findRecipients(named: Recipients): Promise<Recipients> {
  const organisations = named.organisations.filter((one) => one !== 'gone').toReversed();
  return await Promise.resolve({ ...named, organisations });
}

function contextOf(reader: Reader): RequestContext {
  const at = new Date();
  return {
    reader,
    token: { clientId: 'test', id: null },
    budget: undefined,
    expiresAt: new Date('2099-01-01'),
    correlationId: 'c',
    at,
    policy,
    deadline: at.getTime() + 1000,
    signal: new AbortController().signal,
    setHeaders: () => undefined,
    observed: new Observed(),
  };
}

test('states the organisations of the registry that received the record, without its originator', async () => {
  const hub = await Hub.with();
  expect(await hub.state({ picture: 'real' })).toEqual({
    community: 'joint-unit',
    statement: { record, organisations: ['csirt-de', 'csirt-pl'] },
  });
  expect(hub.searched).toMatchObject([{ record, community: 'cert-eu', picture: 'real', by: 'csirt-fr' }]);
});

test('says when to try again if too many searches are in progress', async () => {
  const hub = await Hub.with();
  await hub.state();
  expect(hub.sent).toEqual({});
  hub.isBusy = true;
  await expect(hub.state()).rejects.toMatchObject({ code: 'OVERLOADED' });
  expect(hub.sent).toEqual({ 'retry-after': '2' });
});

test('searches the log in the picture of the request only', async () => {
  const hub = await Hub.with({ ...own, exercise: 'exercise:e-1' });
  await hub.state({ picture: 'exercise:e-1' });
  expect(hub.searched).toMatchObject([{ picture: 'exercise:e-1' }]);
});

test('records that the originator learned of its record', async () => {
  const hub = await Hub.with();
  await hub.state();
  expect(hub.entries).toMatchObject([
    { disclosed: [{ id: record }], fields: { given: expect.arrayContaining(['Envelope.originator']) } },
  ]);
});

test.each<[string, Partial<Envelope> | null, Partial<Reader>]>([
  ['does not exist', null, {}],
  [
    'another organisation asserts, and the reader may read',
    { ...own, originator: 'csirt-pl' },
    { organisation: 'csirt-de' },
  ],
  ['another organisation asserts, and the reader may not read', { ...own, originator: 'csirt-pl' }, {}],
  ['is of another picture', { ...own, exercise: 'exercise:e-1' }, {}],
])('states, searches and records nothing for a record that %s', async (_what, envelope, reader) => {
  const hub = await Hub.with(envelope);
  expect(await hub.state(reader)).toBeNull();
  expect(hub.searched).toEqual([]);
  expect(hub.entries).toEqual([]);
});

test.each(['', 'MispEvent', 'Nothing:1', 'Query:1', 'Organisation:cert-eu', 'CVE-2099-0001'])(
  'asks no community for %s, which is no id of a record',
  async (id) => {
    const hub = await Hub.with();
    expect(await hub.state({}, mutation, id)).toBeNull();
    expect(hub.entries).toEqual([]);
  },
);

test('can look up a record of every kind', () => {
  const kinds = Object.values(published.getTypeMap()).flatMap((type) =>
    isObjectType(type) && type.getFields()['envelope'] !== undefined ? [type.name] : [],
  );
  expect(kinds.length).toBeGreaterThan(40);
  expect(kinds.filter((kind) => lookupOf(`${kind}:1`, published) === null)).toEqual([]);
});

test('states that there is too much, instead of a part of the organisations', async () => {
  const hub = await Hub.with();
  hub.received = null;
  expect(await hub.state()).toMatchObject({ statement: { organisations: [], beyond: 'entries' } });
  hub.received = Array.from({ length: 101 }, (_, number) => `o-${number}`);
  expect(await hub.state()).toMatchObject({ statement: { organisations: [], beyond: 'organisations' } });
  hub.received = Array.from({ length: 100 }, (_, number) => `${'o'.repeat(60)}${number}`);
  expect(await hub.state()).toMatchObject({ statement: { organisations: [], beyond: 'organisations' } });
});

const request = `mutation A($input: AskReleaseRequestInput!) { askReleaseRequest(input: $input) { record { id } } }`;
const asked = {
  recordId: record,
  purpose: 'EXERCISE',
  need: 'EXERCISE',
  scope: 'WHOLE',
  until: '2099-01-01T00:00:00.000Z',
};

test('states the originator of a record that is asked for to a reader of it, and searches no log', async () => {
  const hub = await Hub.with({ ...own, originator: 'csirt-pl' });
  expect(await hub.state({ organisation: 'csirt-de' }, request, record, asked)).toEqual({
    community: 'joint-unit',
    statement: { record, organisations: ['csirt-pl'] },
  });
  expect(hub.searched).toEqual([]);
  expect(hub.entries).toMatchObject([
    { disclosed: [{ id: record }], fields: { given: expect.arrayContaining(['Envelope.originator']) } },
  ]);
});

const red = audienceOf({ persons: ['reader-1'] });

test.each<[string, Partial<Envelope>]>([
  ['is RED', { marking: markingOf({ tlp: 'RED' }), audience: red }],
  ['has the handling code H1', { marking: markingOf({ tlp: 'AMBER', handlingCodes: ['H1'] }) }],
  ['has the handling code H2', { marking: markingOf({ tlp: 'AMBER', handlingCodes: ['H0', 'H2'] }) }],
])('states the originator of a record that %s, apart from the addressees that show', async (_what, more) => {
  const hub = await Hub.with({ ...own, originator: 'csirt-de', ...more });
  const reader = { organisation: 'csirt-de', subject: 'reader-1', onScreen: true };
  expect(await hub.state(reader, request, record, asked)).toEqual({
    community: 'joint-unit',
    statement: { record, organisations: [], discreet: ['csirt-de'] },
  });
  expect(hub.entries).toMatchObject([{ disclosed: [{ id: record }] }]);
  // A reader who may not read it gets what a record that does not exist gives.
  expect(await hub.state({ organisation: 'csirt-ee' }, request, record, asked)).toBeNull();
  expect(hub.entries).toHaveLength(1);
});

const amber = markingOf({ tlp: 'AMBER' });
const grants = [{ id: 'g-1', by: 'csirt-pl', until: '2099-01-01T00:00:00.000Z' }];
const onwardShares = [{ id: 's-1', by: 'csirt-fr', until: '2099-01-01T00:00:00.000Z' }];

test.each<[string, Partial<Envelope>, Partial<Reader>]>([
  [
    'as a named person',
    { audience: audienceOf({ reach: 'NAMED', persons: ['reader-1'] }) },
    { subject: 'reader-1', onScreen: true },
  ],
  [
    'as a member of a sharing group',
    { audience: audienceOf({ reach: 'NAMED', sharingGroups: ['s-1'] }) },
    { sharingGroups: ['s-1'] },
  ],
  [
    'by a role',
    { audience: audienceOf({ reach: 'NAMED' }), custodian: 'csirt-de' },
    { roles: ['community-operator'] },
  ],
  [
    'by a grant, which can be for one person',
    { audience: audienceOf({ reach: 'NAMED' }), releases: ['g-1'] },
    { grants },
  ],
])('states the originator of a record apart if the reader may read it only %s', async (_what, more, by) => {
  const hub = await Hub.with({ ...own, originator: 'csirt-pl', marking: amber, ...more });
  const reader = { organisation: 'csirt-de', ...by };
  expect(await hub.state(reader, request, record, asked)).toEqual({
    community: 'joint-unit',
    statement: { record, organisations: [], discreet: ['csirt-pl'], byOne: true },
  });
  // The log names the reader only.
  expect(hub.entries).toMatchObject([
    { reader: { subject: by.subject ?? 'u-1' }, disclosed: [{ id: record }] },
  ]);
  expect(await hub.state({ organisation: 'csirt-de' }, request, record, asked)).toBeNull();
});

test.each<[string, Partial<Envelope>, Partial<Reader>]>([
  ['names as a recipient', {}, {}],
  [
    'is registered in its community',
    { marking: markingOf({ tlp: 'GREEN' }), audience: audienceOf({ reach: 'COMMUNITY' }) },
    {},
  ],
  [
    'has an onward share of',
    {
      audience: audienceOf({ reach: 'NAMED', organisations: ['csirt-fr'] }),
      onwardShares: [{ id: 's-1', by: 'csirt-fr' }],
    },
    { onwardShares },
  ],
])(
  'states the originator openly if each member of an organisation may read the record: one that it %s',
  async (_what, more, by) => {
    const hub = await Hub.with({ ...own, originator: 'csirt-pl', marking: amber, ...more });
    const reader = { organisation: 'csirt-de', subject: 'reader-1', onScreen: true, ...by };
    expect(await hub.state(reader, request, record, asked)).toMatchObject({
      statement: { record, organisations: ['csirt-pl'] },
    });
    expect(hub.entries).toHaveLength(1);
  },
);

test.each<[string, Partial<Envelope>]>([
  ['has the handling code H3', { marking: markingOf({ tlp: 'AMBER', handlingCodes: ['H1', 'H3'] }) }],
  [
    'has a restriction and is RED',
    { marking: markingOf({ tlp: 'RED', extraRestrictions: ['EXERCISE'] }), audience: red },
  ],
  ['has a restriction', { marking: markingOf({ tlp: 'AMBER', extraRestrictions: ['EXERCISE'] }) }],
  ['has an embargo', { embargoUntil: new Date('2099-01-01') }],
  ['names an organisation that the registry does not have', { originator: 'gone' }],
])('states and records nothing about a record of the reader that %s', async (_what, more) => {
  const hub = await Hub.with({ ...own, originator: 'csirt-de', ...more });
  const reader = { organisation: more.originator ?? 'csirt-de', subject: 'reader-1', onScreen: true };
  const mayRead = policy.decideRow(
    hub.envelope ?? envelopeOf(),
    'MispEvent',
    policy.accessOf(readerOf({ roles: ['csirt-analyst'], ...reader }), new Date()),
  );
  expect(mayRead).not.toBeNull();
  expect(await hub.state(reader, request, record, asked)).toBeNull();
  expect(hub.entries).toEqual([]);
});

test('fails while the community of a record that is asked for does not answer, and for a recall with it', async () => {
  const hub = await Hub.with({ ...own, originator: 'csirt-pl' });
  hub.isDown = true;
  await expect(hub.state({ organisation: 'csirt-de' }, request, record, asked)).rejects.toMatchObject({
    code: 'PART_UNAVAILABLE',
  });
});

test.each<[string, Partial<Envelope> | null]>([
  ['does not exist', null],
  ['the reader may not read', { ...own, originator: 'csirt-pl' }],
  ['is of another picture', { ...own, originator: 'csirt-pl', exercise: 'exercise:e-1' }],
])('states and records nothing about a record that is asked for and that %s', async (_what, envelope) => {
  const hub = await Hub.with(envelope);
  expect(await hub.state({ organisation: 'csirt-ee' }, request, record, asked)).toBeNull();
  expect(hub.entries).toEqual([]);
});

test('takes nothing that a client states as recipients', async () => {
  const hub = await Hub.with();
  const query = mutation
    .replace(
      'input: $input',
      'input: { key: "k", content: { recordId: "x", reason: ERROR, recipients: [{ organisation: "csirt-ee" }] } }',
    )
    .replace('($input: IssueRecallInput!)', '');
  expect(await hub.state({}, query)).toBeNull();
});

test('refuses several recalls in one operation, also by aliases and fragments', async () => {
  const hub = await Hub.with();
  const query = `mutation I($input: IssueRecallInput!) { ...F a: issueRecall(input: $input) { record { id } } }
    fragment F on Mutation { issueRecall(input: $input) { record { id } } }`;
  await expect(hub.state({}, query)).rejects.toMatchObject({ code: 'OPERATION_TOO_LARGE' });
});

test('adds nothing to other mutations, and fails while the community of the record does not answer', async () => {
  const hub = await Hub.with();
  const other = `mutation A { ackRecall(input: { key: "k", id: "Recall:1", expectedVersion: 1 }) { record { id } } }`;
  expect(await hub.state({}, other)).toBeNull();
  hub.isDown = true;
  await expect(hub.state()).rejects.toMatchObject({ code: 'PART_UNAVAILABLE' });
});
