import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const decides = [{ office: 'reserve-decider', until: '2027-01-01T00:00:00.000Z' }];
const csirt = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
const contactPoint = readerOf({ organisation: 'spoc-fr', subject: 's', roles: ['single-point-of-contact'] });
const desk = readerOf({ organisation: 'enisa', subject: 'e-1', roles: ['reserve-desk'] });
const decider = { ...desk, subject: 'e-2', offices: decides };
const otherDecider = { ...desk, subject: 'e-3', offices: decides };
const provider = readerOf({ organisation: 'provider-one', subject: 'p', roles: ['reserve-provider'] });
const stranger = readerOf({ organisation: 'csirt-pl', subject: 'x', roles: ['csirt-analyst'] });

const at = (time: string) => new Date(`2026-11-${time}:00Z`);
const named = { reach: 'NAMED', organisations: ['csirt-fr', 'spoc-fr', 'enisa', 'provider-one'] };

async function tryDraft(content: object = {}, more: object = {}) {
  return await makeMove({ store, reader: csirt, now: at('03T10:00') }, 'Mobilisation', 'draft', {
    content: {
      mechanism: 'RESERVE',
      via: 'spoc-fr',
      memberState: 'FR',
      situationLevel: 'SIGNIFICANT_INCIDENT',
      ...content,
    },
    decider: 'enisa',
    reading: { marking: { tlp: 'AMBER' }, audience: named },
    ...more,
  });
}

async function drafted(content: object = {}): Promise<string> {
  const { record, userErrors } = await tryDraft(content);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

type Shown = {
  readonly envelope: { readonly version: number };
  readonly state: string;
  readonly answerDueAt: string | null;
  readonly measuresTaken: readonly string[] | null;
  readonly progress: {
    readonly state: string;
    readonly provider: string | null;
    readonly possibleMoves: readonly string[];
    readonly proposal: { readonly id: string; readonly move: string; readonly isOwn: boolean } | null;
    readonly moves: readonly {
      readonly move: string;
      readonly stage: string;
      readonly by: { readonly id: string };
      readonly values: readonly { readonly name: string; readonly values: readonly string[] }[];
    }[];
  };
};

const query = `query Q($id: ID!) {
  mobilisation(id: $id) {
    envelope { version } state answerDueAt measuresTaken
    progress {
      state provider possibleMoves
      proposal { id move isOwn values { name values } }
      moves { move stage by { id } values { name values } }
    }
  }
}`;

async function seen(reader: Reader, id: string, time: string): Promise<Shown> {
  const found = await askAt<Shown | null>({ store, reader, now: at(time) }, query, { id });
  if (found === null) throw new Error('expected a mobilisation that the reader may see');
  return found;
}

async function move(reader: Reader, name: string, id: string, time: string, input: object = {}) {
  const { envelope } = await seen(csirt, id, time);
  const given = { id, expectedVersion: envelope.version, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'Mobilisation', name, given)).userErrors;
}

const request = {
  affectedEntity: 'EXERCISE hospital A',
  impact: 'EXERCISE: surgery is postponed',
  services: ['incident response'],
  plannedUse: 'EXERCISE: forensics on site',
  measuresTaken: ['EXERCISE: network separated'],
  otherSupport: 'EXERCISE: none',
  estimatedNeeds: 'EXERCISE: four experts for a week',
};
const assessed = {
  criteria: ['severity: EXERCISE high'],
  available: ['provider-one'],
  reasons: ['EXERCISE: skills fit'],
};
const accepted = {
  to: 'PARTLY_ACCEPTED',
  services: ['EXERCISE: two experts'],
  provider: 'provider-one',
  from: '2026-11-05T08:00:00.000Z',
};
const declined = {
  grounds: ['own measures: EXERCISE not exhausted'],
  otherMechanism: 'csirts-network-peer',
};

async function requested(): Promise<string> {
  const id = await drafted();
  expect(await move(contactPoint, 'request', id, '03T11:00', request)).toEqual([]);
  return id;
}

async function proposalOf(reader: Reader, id: string, time: string): Promise<string> {
  return (await seen(reader, id, time)).progress.proposal?.id ?? '';
}

test('refuses a draft below a significant incident, and one of a reader who does not ask through the mechanism', async () => {
  expect((await tryDraft({ situationLevel: 'INCIDENT' })).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect((await tryDraft({ mechanism: 'CERT_EU_SUPPORT' })).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
});

test('refuses a request for the Reserve without the contact point, own measures or a stated level', async () => {
  const id = await drafted();
  expect(await move(csirt, 'request', id, '03T11:00', request)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining('sender') }),
  ]);
  const { measuresTaken: _none, ...without } = request;
  expect(await move(contactPoint, 'request', id, '03T11:00', without)).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['measuresTaken'] }),
  ]);
  const unstated = await drafted({ situationLevel: null });
  expect(await move(contactPoint, 'request', unstated, '03T11:00', request)).toEqual([
    expect.objectContaining({
      code: 'INVALID',
      path: ['situationLevel'],
      message: expect.stringContaining('Art. 15'),
    }),
  ]);
});

test('starts the clock of 48 hours with the request, and asking for more does not stop it', async () => {
  const id = await requested();
  const due = '2026-11-05T11:00:00.000Z';
  expect(await seen(csirt, id, '03T12:00')).toMatchObject({
    state: 'REQUESTED',
    answerDueAt: due,
    measuresTaken: request.measuresTaken,
  });
  expect(await move(desk, 'incomplete', id, '03T13:00', { missing: 'EXERCISE: the contract' })).toEqual([]);
  expect(await move(contactPoint, 'requestAgain', id, '04T09:00', { supplement: 'EXERCISE' })).toEqual([]);
  expect(await seen(csirt, id, '04T10:00')).toMatchObject({ state: 'REQUESTED', answerDueAt: due });
  expect((await seen(csirt, id, '05T12:30')).progress.state).toBe('ANSWER_OVERDUE');
  const { moves } = (await seen(csirt, id, '04T10:00')).progress;
  expect(moves.find((made) => made.move === 'incomplete')?.values).toEqual([
    { name: 'missing', values: ['EXERCISE: the contract'] },
  ]);
});

test('accepts in part by two persons, of whom neither assessed the request', async () => {
  const id = await requested();
  expect(await move({ ...decider, subject: 'e-1' }, 'assess', id, '03T14:00', assessed)).toEqual([]);
  expect(await move({ ...decider, subject: 'e-1' }, 'accept', id, '03T15:00', accepted)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining('second person') }),
  ]);
  expect(await move(desk, 'accept', id, '03T15:00', accepted)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(decider, 'accept', id, '03T15:00', accepted)).toEqual([]);
  expect((await seen(csirt, id, '03T15:01')).progress).toMatchObject({ state: 'ASSESSED', proposal: null });
  const proposal = await proposalOf(decider, id, '03T15:01');
  expect(await move(decider, 'confirmProposed', id, '03T15:02', { proposal })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', message: expect.stringContaining('second person') }),
  ]);
  expect(
    await move({ ...otherDecider, subject: 'e-1' }, 'confirmProposed', id, '03T15:02', { proposal }),
  ).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect(await move(otherDecider, 'confirmProposed', id, '03T15:03', { proposal })).toEqual([]);
  expect(await seen(csirt, id, '03T15:04')).toMatchObject({
    state: 'PARTLY_ACCEPTED',
    progress: { state: 'PARTLY_ACCEPTED', provider: 'provider-one' },
  });
});

test('shows a proposed move to its organisation only, and its version to nobody else', async () => {
  const id = await requested();
  expect(await move(desk, 'assess', id, '03T14:00', assessed)).toEqual([]);
  const before = await seen(csirt, id, '03T14:30');
  expect(await move(decider, 'decline', id, '03T15:00', declined)).toEqual([]);
  expect(await seen(csirt, id, '03T15:01')).toEqual(before);
  const shown = (await seen(otherDecider, id, '03T15:01')).progress;
  expect(shown.proposal).toMatchObject({
    move: 'declineMobilisation',
    isOwn: false,
    values: [
      { name: 'grounds', values: declined.grounds },
      { name: 'otherMechanism', values: ['csirts-network-peer'] },
    ],
  });
  expect(shown.possibleMoves).toContain('confirmProposedMobilisation');
  expect((await seen(decider, id, '03T15:01')).progress.possibleMoves).not.toContain(
    'confirmProposedMobilisation',
  );
  const proposal = await proposalOf(decider, id, '03T15:01');
  expect(await move(csirt, 'confirmProposed', id, '03T15:02', { proposal })).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', path: ['proposal'] }),
  ]);
  expect(await move(decider, 'accept', id, '03T15:02', accepted)).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE', message: expect.stringContaining('proposed already') }),
  ]);
  expect(await move(otherDecider, 'dismissProposed', id, '03T15:03', { proposal })).toEqual([]);
  expect(await move(otherDecider, 'confirmProposed', id, '03T15:04', { proposal })).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
  expect((await seen(csirt, id, '03T15:05')).progress).toEqual(before.progress);
});

test('declines with the grounds and another mechanism, once', async () => {
  const id = await requested();
  expect(await move(desk, 'incomplete', id, '03T13:00', { missing: 'EXERCISE' })).toEqual([]);
  expect(await move(decider, 'decline', id, '05T09:00', declined)).toEqual([]);
  const proposal = await proposalOf(decider, id, '05T09:01');
  expect(await move(otherDecider, 'confirmProposed', id, '05T09:05', { proposal })).toEqual([]);
  const { state, moves } = (await seen(csirt, id, '05T09:06')).progress;
  expect([state, moves.at(-1)]).toEqual([
    'DECLINED',
    expect.objectContaining({
      move: 'decline',
      stage: 'MADE',
      by: { id: 'Organisation:enisa' },
      values: expect.arrayContaining([{ name: 'otherMechanism', values: ['csirts-network-peer'] }]),
    }),
  ]);
});

test('ends a proposal with every other move of the record', async () => {
  const id = await requested();
  expect(await move(desk, 'assess', id, '03T14:00', assessed)).toEqual([]);
  expect(await move(decider, 'accept', id, '03T15:00', accepted)).toEqual([]);
  const proposal = await proposalOf(decider, id, '03T15:01');
  expect(await move(csirt, 'withdraw', id, '03T15:02', { reason: 'EXERCISE: solved' })).toEqual([]);
  expect(await move(otherDecider, 'confirmProposed', id, '03T15:03', { proposal })).toEqual([
    expect.objectContaining({ code: 'WRONG_STATE' }),
  ]);
});

test('refuses to confirm a proposal after a week, or after the office of its proposer ended', async () => {
  for (const [until, late] of [
    ['2027-01-01T00:00:00.000Z', '10T15:30'],
    ['2026-11-04T00:00:00.000Z', '04T10:00'],
  ] as const) {
    const id = await requested();
    expect(await move(desk, 'assess', id, '03T14:00', assessed)).toEqual([]);
    const proposer = { ...decider, offices: [{ office: 'reserve-decider', until }] };
    expect(await move(proposer, 'accept', id, '03T15:00', accepted)).toEqual([]);
    const proposal = await proposalOf(otherDecider, id, '03T15:01');
    expect(await move(otherDecider, 'confirmProposed', id, late, { proposal })).toEqual([
      expect.objectContaining({
        code: 'WRONG_STATE',
        message: expect.stringContaining('propose the move again'),
      }),
    ]);
    expect(await move(otherDecider, 'dismissProposed', id, late, { proposal })).toEqual([]);
  }
});

test('refuses a decision that is written by hand, and one in a draft', async () => {
  const id = await requested();
  const decision = { grounds: 'EXERCISE' };
  const update = `mutation M($input: UpdateMobilisationInput!) {
    updateMobilisation(input: $input) { userErrors { code path } }
  }`;
  for (const content of [{ decision }, { situationLevel: 'INCIDENT' }]) {
    const input = { key: JSON.stringify(content), id, expectedVersion: 2, content };
    expect(await askAt({ store, reader: csirt, now: at('03T12:00') }, update, { input })).toEqual({
      userErrors: [{ code: 'NOT_ALLOWED', path: ['content', Object.keys(content)[0]] }],
    });
  }
  expect((await tryDraft({ decision })).userErrors).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED', path: ['content', 'decision'] }),
  ]);
});

test('refuses a provider that may not read the request', async () => {
  const id = await requested();
  expect(await move(desk, 'assess', id, '03T14:00', assessed)).toEqual([]);
  const other = { ...accepted, provider: 'provider-two' };
  expect(await move(decider, 'accept', id, '03T15:00', other)).toEqual([
    expect.objectContaining({
      path: ['provider'],
      message: expect.stringContaining('release it to provider-two'),
    }),
  ]);
});

test('prepares, deploys and reports, each by its own side', async () => {
  const id = await requested();
  await move(desk, 'assess', id, '03T14:00', assessed);
  await move(decider, 'accept', id, '03T15:00', accepted);
  const proposal = await proposalOf(decider, id, '03T15:01');
  await move(otherDecider, 'confirmProposed', id, '03T15:03', { proposal });
  const prepare = {
    agreement: 'EXERCISE agreement 7, liability clause 4',
    hostConsent: 'EXERCISE: given',
    contact: 'EXERCISE desk',
    checked: true,
  };
  const without = { ...prepare, hostConsent: ' ' };
  expect(await move(provider, 'prepare', id, '04T08:00', without)).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['hostConsent'] }),
  ]);
  expect(await move(provider, 'prepare', id, '04T08:00', { ...prepare, checked: false })).toEqual([
    expect.objectContaining({ code: 'INVALID', path: ['checked'] }),
  ]);
  expect(await move(csirt, 'prepare', id, '04T08:00', prepare)).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  expect(await move(provider, 'prepare', id, '04T08:00', prepare)).toEqual([]);
  expect(
    await move(csirt, 'start', id, '05T09:00', { mode: 'REMOTE_START', access: ['EXERCISE vpn'] }),
  ).toEqual([]);
  expect(await move(provider, 'start', id, '05T09:00', { mode: 'ARRIVAL', access: [] })).toEqual([
    expect.objectContaining({ code: 'NOT_ALLOWED' }),
  ]);
  const end = { endedAt: '2026-11-12T18:00:00.000Z', data: 'DELETED' };
  expect(await move(csirt, 'end', id, '12T18:00', end)).toEqual([]);
  expect(await seen(csirt, id, '12T18:01')).toMatchObject({ state: 'ENDED' });
  const report = { service: 'EXERCISE', results: 'EXERCISE', lessons: ['EXERCISE'] };
  expect(await move(csirt, 'report', id, '20T10:00', report)).toEqual([]);
  expect((await seen(csirt, id, '20T10:01')).state).toBe('REPORTED');
});

test('shows a mobilisation to nobody who takes no part, and answers a move as for nothing', async () => {
  const id = await requested();
  expect(await askAt({ store, reader: stranger, now: at('03T12:00') }, query, { id })).toBeNull();
  const nothing = 'Mobilisation:00000000-0000-4000-8000-000000000000';
  const errors = async (of: string) =>
    (
      await makeMove({ store, reader: stranger, now: at('03T12:00') }, 'Mobilisation', 'withdraw', {
        id: of,
        reason: 'x',
      })
    ).userErrors;
  expect(await errors(id)).toEqual(await errors(nothing));
});
