import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { laterMoves, workflowsOf } from '../../../schema/workflow/served.ts';
import { community } from '../../../subgraphs/enisa/community.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import {
  askAt,
  contact,
  content,
  csirt,
  enisa,
  filesIn,
  polish,
  polishContact,
  refusedAs,
  supervisor,
} from './file-of.ts';

/** The readers of a notification file, and those who change it or get its notices. */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const files = filesIn(() => own.store);
const at = (time: string) => new Date(`2026-${time}:00Z`);
const now = at('03-02T12:00');
const tell = {
  otherStatesAffected: ['PL'],
  recipients: ['csirt-pl'],
  fields: ['sector', 'awareAt', 'progress'],
};

test('lets only the authorities of its Member State read a file of which no other state was informed', async () => {
  const id = await files.opened(at('03-02T10:00'));
  for (const reader of [csirt, contact, supervisor])
    expect((await files.seen(reader, id, now)).entityName).toBe(content.entityName);
  for (const reader of [polish, polishContact, enisa]) expect(await files.find(reader, id, now)).toBeNull();
});

test('tells other states and ENISA the stated fields only, and never the name', async () => {
  const id = await files.opened(at('03-02T10:00'));
  expect(await files.move(contact, 'tellStates', id, now, tell)).toEqual([]);
  for (const reader of [polish, polishContact, enisa])
    expect(await files.seen(reader, id, now)).toMatchObject({
      sector: 'health',
      entityName: null,
      entityPseudonym: null,
      threads: null,
      progress: { state: 'OPEN', possibleMoves: [] },
      otherStatesAffected: [{ id: 'MemberState:PL' }],
    });
  const austrian = { ...polish, organisation: 'csirt-at', memberState: 'AT' };
  expect(await files.find(austrian, id, now)).toBeNull();
  // The authorities of the Member State still read all of it.
  for (const reader of [csirt, supervisor])
    expect(await files.seen(reader, id, now)).toMatchObject({
      entityName: content.entityName,
      entityPseudonym: content.entityPseudonym,
    });
});

test('adds fields and states by a second notice, and takes none back', async () => {
  const id = await files.opened(at('03-02T10:00'));
  expect(await files.move(csirt, 'tellStates', id, now, tell)).toEqual([]);
  const more = { otherStatesAffected: ['AT'], recipients: ['csirt-at'], fields: ['threads', 'awareAt'] };
  expect(await files.move(csirt, 'tellStates', id, now, more)).toEqual([]);
  const seen = await files.seen(polishContact, id, now);
  expect(seen).toMatchObject({ sector: 'health', entityPseudonym: null });
  expect(seen.threads).toHaveLength(3);
  // The history has values of facts only, because no other value is among the fields.
  expect(JSON.stringify(seen.progress)).not.toContain('recipients');
  expect(seen.progress).toMatchObject({
    informed: null,
    moves: [{ values: [{ name: 'underRegime' }] }, {}, {}],
  });
  expect(seen.otherStatesAffected).toEqual([{ id: 'MemberState:PL' }, { id: 'MemberState:AT' }]);
});

test('refuses to tell the name, an unknown field, the own state, and a file that is stricter than AMBER', async () => {
  const id = await files.opened(at('03-02T10:00'));
  for (const [path, input] of [
    ['fields', { ...tell, fields: ['entityName'] }],
    ['fields', { ...tell, fields: ['secret'] }],
    // The clock of the first stage starts with the awareness.
    ['fields', { ...tell, fields: ['threads'] }],
    ['otherStatesAffected', { ...tell, otherStatesAffected: ['FR'] }],
    ['otherStatesAffected', { ...tell, otherStatesAffected: ['XX'] }],
    ['recipients', { ...tell, recipients: [] }],
  ] as const)
    expect(await files.move(csirt, 'tellStates', id, now, input)).toEqual(
      refusedAs('INVALID', { path: [path] }),
    );
  const strict = await files.opened(at('03-02T10:00'), {
    reading: {
      marking: { tlp: 'AMBER_STRICT' },
      audience: { reach: 'NAMED', organisations: ['csirt-fr'] },
    },
  });
  expect(await files.move(csirt, 'tellStates', strict, now, tell)).toEqual(refusedAs('WRONG_STATE'));
  expect(await files.find(polishContact, id, now)).toBeNull();
});

test('lets only a person of the originator tell and forward, and offers it to no other', async () => {
  const id = await files.opened(at('03-02T10:00'));
  expect((await files.seen(csirt, id, now)).progress?.possibleMoves).toContain('tellStatesNotificationFile');
  expect((await files.seen(supervisor, id, now)).progress?.possibleMoves).not.toContain(
    'tellStatesNotificationFile',
  );
  expect(await files.move(supervisor, 'tellStates', id, now, tell)).toEqual(refusedAs('NOT_ALLOWED'));
  const forward = { contactPoints: ['spoc-at'] };
  expect(await files.move(contact, 'forward', id, now, forward)).toEqual(refusedAs('WRONG_STATE'));
  expect(await files.move(csirt, 'tellStates', id, now, tell)).toEqual([]);
  expect(await files.move(contact, 'forward', id, now, forward)).toEqual([]);
  const austrian = { ...polishContact, organisation: 'spoc-at', memberState: 'AT' };
  expect((await files.seen(austrian, id, now)).sector).toBe('health');
});

const inbox = `query Q {
  _entities(representations: [{ __typename: "Inbox", id: "Inbox:own" }]) {
    ... on Inbox { enisa(first: 100) { nodes { recordId part name notificationFile { id } } } }
  }
}`;
const tasks = `query Q {
  _entities(representations: [{ __typename: "Tasks", id: "Tasks:own" }]) {
    ... on Tasks { enisa { recordId part mutations } }
  }
}`;
const deadlines = `query Q($key: ID!) {
  _entities(representations: [{ __typename: "Deadlines", id: $key }]) {
    ... on Deadlines { enisa { recordId part name dueAt obliged { id } } }
  }
}`;

type Item = { readonly recordId: string; readonly part: string | null } & Readonly<Record<string, unknown>>;

async function noticesOf(reader: Reader, id: string) {
  const [found] = await askAt<readonly [{ readonly enisa: { readonly nodes: readonly Item[] } }]>(
    { store: own.store, reader, now },
    inbox,
  );
  return found.enisa.nodes.filter(({ recordId }) => recordId === id);
}

test('informs other states and ENISA of each move that they may see, and nobody else', async () => {
  const id = await files.opened(at('03-02T10:00'));
  expect(await noticesOf(polish, id)).toEqual([]);
  expect(await files.move(csirt, 'tellStates', id, now, tell)).toEqual([]);
  for (const reader of [polish, enisa])
    expect(await noticesOf(reader, id)).toEqual([
      { recordId: id, part: null, name: 'tellStates', notificationFile: { id } },
    ]);
  // Moves of stages are notified to the organisation that opened the file only.
  const submitted = { submittedAt: at('03-02T11:00').toISOString(), minimumContent: ['EXERCISE'] };
  expect(
    await files.moveStage(supervisor, 'submit', { id, stage: 'early-warning-1' }, now, submitted),
  ).toEqual([]);
  expect(await noticesOf(polish, id)).toHaveLength(1);
  expect(await noticesOf(csirt, id)).toEqual([
    { recordId: id, part: 'early-warning-1', name: 'submit', notificationFile: { id } },
  ]);
});

test('lists stages as tasks and deadlines of the organisation that opened the file', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const [found] = await askAt<readonly [{ readonly enisa: readonly Item[] }]>(
    { store: own.store, reader: csirt, now },
    tasks,
  );
  const ofFile = found.enisa.filter(({ recordId }) => recordId === id);
  expect(new Set(ofFile.map(({ part }) => part))).toEqual(
    new Set(['early-warning-1', 'final-1', 'incident-notification-1', null]),
  );
  const key = `Deadlines:${now.toISOString()}/${at('03-04T00:00').toISOString()}`;
  const [period] = await askAt<readonly [{ readonly enisa: readonly Item[] }]>(
    { store: own.store, reader: csirt, now },
    deadlines,
    { key },
  );
  expect(period.enisa.filter(({ recordId }) => recordId === id)).toEqual([
    expect.objectContaining({ part: 'early-warning-1', name: 'due', obliged: null }),
    {
      recordId: id,
      part: 'early-warning-1',
      name: 'overdue',
      dueAt: '2026-03-03T10:00:00.000Z',
      obliged: { id: 'Organisation:csirt-fr' },
    },
  ]);
});

test('is changed by hand in no field that a move sets, and corrected in the others', async () => {
  const id = await files.opened(at('03-02T10:00'));
  const change = `mutation U($input: UpdateNotificationFileInput!) {
    updateNotificationFile(input: $input) { record { sector } userErrors { code path } }
  }`;
  const update = async (given: object) =>
    await askAt({ store: own.store, reader: csirt, now }, change, {
      input: { key: JSON.stringify(given), id, expectedVersion: 1, content: given },
    });
  for (const [field, value] of Object.entries({
    awareAt: '2026-03-02T09:00:00Z',
    memberState: 'PL',
    stages: [],
    otherStatesAffected: ['PL'],
    otherStatesInformedAt: '2026-03-02T09:00:00Z',
    enisaInformedAt: '2026-03-02T09:00:00Z',
    csirtReply: { guidance: 'EXERCISE' },
    publicInformed: true,
  }))
    expect(await update({ [field]: value })).toMatchObject({
      record: null,
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', field] }],
    });
  expect(await update({ sector: 'energy' })).toEqual({ record: { sector: 'energy' }, userErrors: [] });
});

/** Each kind of reader that the policy knows, of every body that is not an authority of the Member State. */
const strangers: readonly Reader[] = [
  polish,
  polishContact,
  { ...polish, roles: ['supervisor'] },
  enisa,
  { ...enisa, roles: ['network-secretariat'] },
  { ...enisa, roles: ['joint-coordinator'] },
  { ...enisa, organisation: 'cert-eu', roles: ['cert-eu-analyst'] },
];
const kind = workflowsOf('enisa').get('NotificationFile');
const later = kind === undefined ? [] : laterMoves(kind);

test.each(later.map(({ of, move }) => ({ of: of.subject, move })))(
  'refuses $move of a $of to ENISA, to every other state and to other bodies, although they read the file',
  async ({ of: subject, move }) => {
    const id = await files.opened(at('03-02T10:00'));
    const all = [...(await allFields())];
    expect(await files.move(csirt, 'tellStates', id, now, { ...tell, fields: all })).toEqual([]);
    const before = await files.seen(csirt, id, now);
    for (const reader of strangers) {
      const outcome =
        subject === 'record' || move === 'ask'
          ? files.move(reader, move, id, now, inputs[move])
          : files.moveStage(reader, move, { id, stage: 'early-warning-1' }, now, inputs[move]);
      const errors = await outcome.catch((error: unknown) => [{ code: String(error) }]);
      expect(errors).toEqual([
        expect.objectContaining({ code: expect.stringMatching(/NOT_FOUND|NOT_ALLOWED|may not use/) }),
      ]);
    }
    expect(await files.seen(csirt, id, now)).toEqual(before);
  },
);

async function allFields(): Promise<ReadonlySet<string>> {
  const source = '{ __type(name: "NotificationFile") { fields { name } } }';
  const { fields } = await askAt<{ readonly fields: readonly { readonly name: string }[] }>(
    { store: own.store, reader: csirt, now },
    source,
  );
  const names = fields.map(({ name }) => name);
  return new Set(names.filter((name) => !['id', 'envelope', 'entityName'].includes(name)));
}

/** The values that each move needs. */
const inputs: Readonly<Record<string, object>> = {
  measure: { measureAt: at('03-02T11:00').toISOString() },
  handled: { handledAt: at('03-02T11:00').toISOString() },
  reply: { feedback: 'EXERCISE' },
  tellStates: tell,
  forward: { contactPoints: ['spoc-at'] },
  public: { text: 'EXERCISE' },
  reclassify: { otherRegime: 'NIS2_TRUST', reason: 'EXERCISE' },
  reclassifyWhole: { otherRegime: 'NIS2_TRUST', reason: 'EXERCISE' },
  withdraw: { reason: 'EXERCISE' },
  submit: { submittedAt: at('03-02T11:00').toISOString(), minimumContent: ['EXERCISE'] },
  ask: { asked: 'EXERCISE', latestAt: at('03-20T10:00').toISOString() },
  progress: { stillRuns: true, status: 'EXERCISE' },
  waive: { reason: 'NOT_SIGNIFICANT' },
};

test('has values for each move', () => {
  const named = later.map(({ move }) => move).filter((move) => move !== 'close');
  expect(Object.keys(inputs).toSorted()).toEqual(named.toSorted());
});
