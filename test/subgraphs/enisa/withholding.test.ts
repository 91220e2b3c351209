import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/enisa/community.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, csirt, enisa, makeMove, polish, refusedAs } from './file-of.ts';

/** The withholding of CRA notifications, in ENISA's part. */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-${time}:00Z`);
const german = readerOf({
  organisation: 'csirt-de',
  subject: 'd',
  roles: ['csirt-analyst'],
  memberState: 'DE',
});

const notification = {
  kind: 'ACTIVELY_EXPLOITED_VULNERABILITY',
  manufacturer: 'EXERCISE: a manufacturer',
  product: 'EXERCISE: Gate 5',
  awareAt: '2026-03-02T08:00:00.000Z',
  vulnerabilities: ['CVE-2099-10001'],
};

async function tryReceive(more: object = {}, reader: Reader = csirt) {
  return await makeMove({ store: own.store, reader, now: at('03-02T10:00') }, 'CraNotification', 'receive', {
    content: notification,
    ...more,
  });
}

async function received(): Promise<string> {
  const { record, userErrors } = await tryReceive();
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type Shown = {
  readonly envelope: { readonly version: number };
  readonly progress: {
    readonly state: string;
    readonly until: string | null;
    readonly ground: string | null;
    readonly possibleMoves: readonly string[];
    readonly moves: readonly {
      readonly move: string;
      readonly values: readonly { readonly name: string }[];
    }[];
  };
} & Readonly<Record<string, unknown>>;

const query = `query Q($id: ID!) {
  craNotification(id: $id) {
    envelope { version } kind manufacturer product awareAt dissemination delayGrounds
    coordinatorCsirt { id } vulnerabilities { id }
    progress { state until reviewAt ground csirts possibleMoves moves { move lateReason lateChannel values { name } } }
  }
}`;

async function find(reader: Reader, id: string, time = '03-02T12:00'): Promise<Shown | null> {
  return await askAt<Shown | null>({ store: own.store, reader, now: at(time) }, query, { id });
}

async function seen(reader: Reader, id: string, time = '03-02T12:00'): Promise<Shown> {
  const found = await find(reader, id, time);
  if (found === null) throw new Error('expected a notification that the reader may see');
  return found;
}

async function move(reader: Reader, name: string, id: string, input: object = {}, time = '03-02T12:00') {
  const expectedVersion = (await seen(csirt, id, time)).envelope.version;
  const given = { id, expectedVersion, ...input };
  return (await makeMove({ store: own.store, reader, now: at(time) }, 'CraNotification', name, given))
    .userErrors;
}

const until = at('03-09T12:00').toISOString();
const times = { until, reviewAt: at('03-05T12:00').toISOString() };
const hitCsirt = { ground: 'A4_INCIDENT_AT_CSIRT', doubt: 'EXERCISE: its mail is read', ...times };
const nature = {
  ground: 'A3_NATURE',
  condition: 'EXERCISE: an update is expected in two days',
  protocolsInsufficient: true,
  ...times,
};

function entity(type: string, key: string, fields: string): string {
  return `query { _entities(representations: [{ __typename: "${type}", id: "${key}" }]) { ... on ${type} { ${fields} } } }`;
}

/** The names of all values in the history that a reader sees. */
function names({ progress }: Shown): readonly string[] {
  return progress.moves.flatMap(({ values }) => values.map(({ name }) => name));
}

/** All that a reader gets without naming the record: lists, counts, links, notices, tasks and deadlines. */
async function traces(reader: Reader, time: string): Promise<unknown> {
  const ask = async (source: string) => await askAt({ store: own.store, reader, now: at(time) }, source);
  const period = `${at('03-01T00:00').toISOString()}/${at('04-30T00:00').toISOString()}`;
  return [
    await ask('query { craNotifications { nodes { id } total { value } } }'),
    await ask(entity('Vulnerability', 'Vulnerability:CVE-2099-10001', 'craNotifications { nodes { id } }')),
    await ask(entity('Organisation', 'Organisation:csirt-fr', 'craNotifications { nodes { id } }')),
    await ask(entity('Inbox', 'Inbox:own', 'enisa { nodes { recordId } }')),
    await ask(entity('Tasks', 'Tasks:own', 'enisa { recordId }')),
    await ask(entity('Deadlines', `Deadlines:${period}`, 'enisa { recordId }')),
  ];
}

test('is read by the CSIRT that received it and by ENISA only, which is informed at once', async () => {
  const id = await received();
  expect(await seen(csirt, id)).toMatchObject({
    coordinatorCsirt: { id: 'Organisation:csirt-fr' },
    progress: { state: 'TO_DISSEMINATE' },
  });
  expect((await seen(enisa, id)).manufacturer).toBe(notification.manufacturer);
  for (const reader of [polish, german]) expect(await find(reader, id)).toBeNull();
  expect(JSON.stringify(await traces(enisa, '03-02T10:00'))).toContain(id);
});

test('takes no other reader in a new notification, whatever is stated', async () => {
  const audience = { reach: 'NAMED', organisations: ['csirt-fr', 'enisa'] };
  for (const reading of [
    {
      marking: { tlp: 'AMBER' },
      audience: { ...audience, organisations: ['csirt-fr', 'enisa', 'csirt-pl'] },
    },
    { marking: { tlp: 'GREEN' }, audience },
    { marking: { tlp: 'AMBER' }, audience: { ...audience, persons: ['u-9'] } },
    { marking: { tlp: 'AMBER' }, audience: { ...audience, reach: 'COMMUNITY' } },
  ])
    expect((await tryReceive({ reading })).userErrors).toEqual(refusedAs('INVALID', { path: ['reading'] }));
  const foreign = { content: { ...notification, coordinatorCsirt: 'csirt-fr' } };
  const { record } = await tryReceive(foreign, polish);
  expect((await seen(polish, record?.id ?? '')).coordinatorCsirt).toEqual({ id: 'Organisation:csirt-pl' });
});

test('is passed on to the CSIRTs that the receiving CSIRT names, and to no other', async () => {
  const id = await received();
  expect(await move(csirt, 'disseminate', id, { relevantCsirts: ['csirt-pl'] })).toEqual([]);
  expect(await seen(polish, id)).toMatchObject({
    manufacturer: notification.manufacturer,
    dissemination: 'IMMEDIATE',
    progress: { state: 'DISSEMINATED', csirts: null, possibleMoves: [] },
  });
  expect(await find(german, id)).toBeNull();
  expect(JSON.stringify(await traces(polish, '03-02T12:00'))).toContain(id);
});

test('gives a CSIRT from which it is withheld nothing at all, until it is disseminated to it', async () => {
  const before = await traces(german, '03-02T13:00');
  const id = await received();
  const withheld = { ...hitCsirt, from: ['csirt-de'], relevantCsirts: ['csirt-pl'] };
  expect(await move(csirt, 'withhold', id, withheld)).toEqual([]);
  const extension = { groundRemains: 'EXERCISE', until: at('03-12T12:00').toISOString() };
  expect(await move(csirt, 'extend', id, extension)).toEqual([]);
  const rules = workflowRulesOf('enisa');
  await fireDue(own.store, rules, at('03-12T13:00'), { error: () => undefined });
  expect(await find(german, id)).toBeNull();
  expect(await traces(german, '03-02T13:00')).toEqual(before);
  expect(await traces(german, '03-12T13:00')).toEqual(before);
  const german2 = { ...german, roles: ['csirt-analyst', 'duty-officer', 'joint-coordinator'] };
  expect(await traces(german2, '03-12T13:00')).toEqual(before);
  const attempt = { id, expectedVersion: 3, relevantCsirts: ['csirt-at'] };
  const { userErrors } = await makeMove(
    { store: own.store, reader: german, now: at('03-12T13:00') },
    'CraNotification',
    'disseminate',
    attempt,
  );
  const none = await makeMove(
    { store: own.store, reader: german, now: at('03-12T13:00') },
    'CraNotification',
    'disseminate',
    { ...attempt, id: 'CraNotification:00000000-0000-4000-8000-000000000000' },
  );
  expect(userErrors).toEqual(none.userErrors);

  expect((await seen(csirt, id, '03-12T13:00')).progress.state).toBe('WITHHOLDING_EXPIRED');
  // The end is hidden from the CSIRTs that got it, therefore the expiry is too.
  expect((await seen(polish, id, '03-12T13:00')).progress.state).toBe('WITHHELD');
  expect(await move(csirt, 'disseminate', id, { relevantCsirts: ['csirt-de'] }, '03-12T14:00')).toEqual([]);
  const shown = await seen(german, id, '03-12T14:00');
  expect(shown).toMatchObject({ manufacturer: notification.manufacturer, delayGrounds: null });
  // The reasons can be about the CSIRT that reads: it never sees them.
  expect(shown.progress).toMatchObject({ ground: null, until: null, csirts: null });
  expect(shown.progress.moves.flatMap(({ values }) => values)).toEqual([]);
});

test('shows ENISA the grounds, and no CSIRT that got the notification', async () => {
  const id = await received();
  const late = { reason: 'EXERCISE: csirt-de is hit', channel: 'telephone' };
  const happenedAt = at('03-02T11:00').toISOString();
  const withheld = { ...hitCsirt, from: ['csirt-de'], relevantCsirts: ['csirt-pl'], happenedAt, late };
  expect(await move(csirt, 'withhold', id, withheld)).toEqual([]);
  const last = async (reader: Reader) => (await seen(reader, id)).progress.moves.at(-1);
  expect(await last(enisa)).toMatchObject({ lateReason: late.reason, lateChannel: late.channel });
  expect(await last(polish)).toMatchObject({ move: 'withhold', lateReason: null, lateChannel: null });
  expect((await seen(enisa, id)).progress).toMatchObject({ ground: 'A4_INCIDENT_AT_CSIRT', until });
  const valuesOf = async (reader: Reader) => names(await seen(reader, id));
  expect(await valuesOf(enisa)).toEqual(
    expect.arrayContaining(['ground', 'doubt', 'from', 'relevantCsirts', 'until', 'reviewAt']),
  );
  expect(await valuesOf(polish)).toEqual([]);
  expect((await seen(polish, id)).progress).toMatchObject({ state: 'WITHHELD', ground: null, until: null });
});

test('withholds named parts from the CSIRTs that get the rest, until it is disseminated', async () => {
  const id = await received();
  const withheld = { ...nature, parts: ['vulnerabilities'], relevantCsirts: ['csirt-pl'] };
  expect(await move(csirt, 'withhold', id, withheld)).toEqual([]);
  expect(await seen(polish, id)).toMatchObject({ product: notification.product, vulnerabilities: null });
  expect((await seen(enisa, id)).vulnerabilities).toHaveLength(1);
  expect(await move(csirt, 'disseminate', id, { relevantCsirts: ['csirt-pl'] })).toEqual([]);
  expect((await seen(polish, id)).vulnerabilities).toHaveLength(1);
});

test('shows ENISA in particularly exceptional circumstances only that grounds were raised, and takes its advice', async () => {
  const id = await received();
  const exceptional = { ground: 'EXCEPTIONAL_CIRCUMSTANCES', exceptional: 'ESSENTIAL_INTERESTS', ...times };
  for (const more of [{ from: ['csirt-de'] }, { parts: ['product'] }, { relevantCsirts: ['csirt-pl'] }])
    expect(await move(csirt, 'withhold', id, { ...exceptional, ...more })).toEqual(
      refusedAs('INVALID', { path: ['ground'] }),
    );
  expect(await move(csirt, 'withhold', id, exceptional)).toEqual([]);
  const shown = await seen(enisa, id);
  expect(shown).toMatchObject({
    kind: notification.kind,
    product: notification.product,
    dissemination: 'DELAYED',
    manufacturer: null,
    awareAt: null,
    vulnerabilities: null,
    coordinatorCsirt: null,
    delayGrounds: null,
  });
  expect(shown.progress).toMatchObject({ state: 'WITHHELD', until: null, ground: null, reviewAt: null });
  const advice = { recommendation: 'EXERCISE: disseminate in full', systemicRisk: 'EXERCISE: all gateways' };
  expect(await move(enisa, 'recommend', id, advice)).toEqual([]);
  expect(names(await seen(enisa, id))).toEqual(['recommendation', 'systemicRisk']);
  expect(await move(csirt, 'disseminate', id, { relevantCsirts: ['csirt-pl'] })).toEqual([]);
  expect(await seen(enisa, id)).toMatchObject({
    manufacturer: notification.manufacturer,
    progress: { ground: 'EXCEPTIONAL_CIRCUMSTANCES' },
  });
  expect(names(await seen(polish, id))).toEqual([]);
});

test.each([
  ['a review before the end', 'reviewAt', { ...nature, reviewAt: at('03-10T12:00').toISOString() }],
  ['an end that is not over', 'until', { ...nature, until: at('03-02T11:00').toISOString() }],
  ['the test of TLP and PAP', 'protocolsInsufficient', { ...nature, protocolsInsufficient: undefined }],
  ['a passed test of TLP and PAP', 'protocolsInsufficient', { ...nature, protocolsInsufficient: false }],
  ['the condition of Art. 3', 'condition', { ...nature, condition: undefined }],
  ['the CSIRT of Art. 4', 'from', hitCsirt],
  ['another CSIRT than the receiving one', 'from', { ...hitCsirt, from: ['csirt-fr'] }],
  ['another CSIRT than ENISA', 'from', { ...hitCsirt, from: ['enisa'] }],
  [
    'CSIRTs that do not both get it and not',
    'relevantCsirts',
    { ...hitCsirt, from: ['csirt-de'], relevantCsirts: ['csirt-de'] },
  ],
  ['a limit if others get it', 'from', { ...nature, relevantCsirts: ['csirt-pl'] }],
  ['known parts', 'parts', { ...nature, parts: ['secret'] }],
  ['a ground that is in force', 'ground', { ground: 'A5_PLATFORM', ...times }],
])('refuses a withholding without %s, and names it', async (_what, path, input) => {
  const id = await received();
  const before = await seen(csirt, id);
  expect(await move(csirt, 'withhold', id, input)).toEqual(refusedAs('INVALID', { path: [path] }));
  expect(await seen(csirt, id)).toEqual(before);
});

test('reminds the receiving CSIRT of the end, tells it the expiry, and is extended only before', async () => {
  const id = await received();
  expect(await move(csirt, 'withhold', id, nature)).toEqual([]);
  expect((await seen(csirt, id, '03-09T11:59')).progress.state).toBe('WITHHELD');
  const rules = workflowRulesOf('enisa');
  for (const time of ['03-06T00:00', '03-08T00:00', '03-09T12:00'])
    await fireDue(own.store, rules, at(time), { error: () => undefined });
  const inbox = `query { _entities(representations: [{ __typename: "Inbox", id: "Inbox:own" }]) {
    ... on Inbox { enisa(first: 100) { nodes { recordId event name } } } } }`;
  const namesFor = async (reader: Reader) => {
    const [found] = await askAt<
      readonly [{ enisa: { nodes: readonly { recordId: string; event: string; name: string }[] } }]
    >({ store: own.store, reader, now: at('03-09T12:01') }, inbox);
    return found.enisa.nodes
      .filter((one) => one.recordId === id)
      .map(({ event, name }) => `${event} ${name}`);
  };
  expect(new Set(await namesFor(csirt))).toEqual(
    new Set(['REMINDER half', 'REMINDER three-quarters', 'REMINDER due', 'STATE withholding-expired']),
  );
  expect(new Set(await namesFor(enisa))).toEqual(
    new Set(['MOVE receive', 'MOVE withhold', 'STATE withholding-expired']),
  );
  expect((await seen(csirt, id, '03-09T12:01')).progress.state).toBe('WITHHOLDING_EXPIRED');
  const extension = { groundRemains: 'EXERCISE', until: at('03-12T12:00').toISOString() };
  expect(await move(csirt, 'extend', id, extension, '03-09T12:01')).toEqual(refusedAs('WRONG_STATE'));
});

test('lets nobody but the receiving CSIRT pass on, withhold or extend, and nobody but ENISA recommend', async () => {
  const id = await received();
  expect(
    await move(csirt, 'withhold', id, { ...hitCsirt, from: ['csirt-de'], relevantCsirts: ['csirt-pl'] }),
  ).toEqual([]);
  const before = await seen(csirt, id);
  const advice = { recommendation: 'EXERCISE', systemicRisk: 'EXERCISE' };
  const officer = { ...csirt, subject: 'o', roles: ['duty-officer'] };
  const extension = { groundRemains: 'EXERCISE', until: at('03-12T12:00').toISOString() };
  for (const reader of [polish, enisa, officer, german]) {
    for (const [name, input] of [
      ['disseminate', { relevantCsirts: ['csirt-at'] }],
      ['extend', extension],
      ['withhold', nature],
    ] as const)
      expect(await move(reader, name, id, input)).toEqual(
        refusedAs(reader === german ? 'NOT_FOUND' : 'NOT_ALLOWED'),
      );
  }
  for (const reader of [csirt, polish, officer])
    expect(await move(reader, 'recommend', id, advice)).toEqual(refusedAs('NOT_ALLOWED'));
  expect(await seen(csirt, id)).toEqual(before);
});

test('is changed by hand in no field that a move sets, and corrected in the others', async () => {
  const id = await received();
  const change = `mutation U($input: UpdateCraNotificationInput!) {
    updateCraNotification(input: $input) { record { product } userErrors { code path } }
  }`;
  const update = async (content: object) =>
    await askAt({ store: own.store, reader: csirt, now: at('03-02T12:00') }, change, {
      input: { key: JSON.stringify(content), id, expectedVersion: 1, content },
    });
  for (const [field, value] of Object.entries({
    coordinatorCsirt: 'csirt-pl',
    dissemination: 'IMMEDIATE',
    delayGrounds: 'EXERCISE',
  }))
    expect(await update({ [field]: value })).toMatchObject({
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', field] }],
    });
  expect(await update({ product: 'EXERCISE: Gate 6' })).toEqual({
    record: { product: 'EXERCISE: Gate 6' },
    userErrors: [],
  });
});
