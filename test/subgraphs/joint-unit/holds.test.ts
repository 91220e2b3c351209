import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, makeMove, type ShownRecord } from './moves-of.ts';

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const europol = readerOf({ organisation: 'europol', subject: 'e', roles: ['europol-analyst'] });
const german = readerOf({ organisation: 'csirt-de', subject: 'd', roles: ['csirt-analyst'] });
const polish = readerOf({ organisation: 'csirt-pl', subject: 'p', roles: ['csirt-analyst'] });
const stranger = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });

const at = (time: string) => new Date(`2026-11-03T${time}:00Z`);
const until = '2026-11-03T20:00:00.000Z';

async function tryAsk(more: object = {}) {
  const now = { store, reader: europol, now: at('10:00') };
  return await makeMove(now, 'DeconflictionHold', 'ask', {
    content: {
      on: { kind: 'TAKEDOWN', what: 'EXERCISE: a server' },
      until,
      contact: 'EXERCISE desk',
      reason: 'EXERCISE: an arrest',
    },
    addressees: ['csirt-de', 'csirt-pl'],
    act: 'EXERCISE: the takedown of a server',
    telephone: '+32 2 000 00 00',
    ...more,
  });
}

async function errorsOf(more: object) {
  return (await tryAsk(more)).userErrors;
}

async function asked(more: object = {}): Promise<string> {
  const { record, userErrors } = await tryAsk(more);
  expect(userErrors).toEqual([]);
  return record?.id ?? '';
}

const query = `query Q($id: ID!) {
  deconflictionHold(id: $id) {
    reason
    threads { addressee { id } version state until reason possibleMoves moves { move by { id } } }
  }
}`;

async function find(reader: Reader, id: string, time: string): Promise<ShownRecord | null> {
  return await askAt<ShownRecord | null>({ store, reader, now: at(time) }, query, { id });
}

async function seen(reader: Reader, id: string, time: string): Promise<ShownRecord> {
  const found = await find(reader, id, time);
  if (found === null) throw new Error('expected a hold that the reader may see');
  return found;
}

async function move(reader: Reader, name: string, id: string, time: string, input: object) {
  const given = { id, ...input };
  return (await makeMove({ store, reader, now: at(time) }, 'DeconflictionHold', name, given)).userErrors;
}

const forLaw = (path: readonly string[]) => [
  { code: 'INVALID', path, message: expect.stringContaining('never stops a deadline of law') },
];

test.each(['NotificationFile', 'CraNotification'])(
  'refuses to hold back a %s: a hold never stops a deadline of law',
  async (kind) => {
    const id = `${kind}:${randomUUID()}`;
    const content = { on: { kind: 'PUBLICATION', what: `EXERCISE ${id}` }, until, contact: 'EXERCISE desk' };
    expect(await errorsOf({ content })).toEqual(forLaw(['content', 'on', 'what']));
    const spelled = [id, id.replace(':', ': '), id.replace(':', '\uFF1A'), id.replace(':', '%3A'), `_${id}_`];
    for (const one of [...spelled, id.replace('N', 'N\u200B').toLowerCase()])
      expect(await errorsOf({ act: `EXERCISE: the final report of ${one}` })).toEqual(forLaw(['act']));
  },
);

test('shows each addressee its own thread, the asker all of them, and others nothing', async () => {
  const id = await asked();
  expect(
    (await seen(europol, id, '10:01')).threads.map(({ addressee, state, version }) => [
      addressee.id,
      state,
      version,
    ]),
  ).toEqual([
    ['Organisation:csirt-de', 'ASKED', null],
    ['Organisation:csirt-pl', 'ASKED', null],
  ]);
  const [thread, ...others] = (await seen(german, id, '10:01')).threads;
  expect([thread?.addressee.id, thread?.version, others]).toEqual(['Organisation:csirt-de', 1, []]);
  expect(thread?.possibleMoves).toEqual([
    'agreeDeconflictionHold',
    'counterDeconflictionHold',
    'refuseDeconflictionHold',
  ]);
  expect(await find(stranger, id, '10:01')).toBeNull();
});

test('keeps the reason on the side of the asker', async () => {
  const id = await asked();
  expect((await seen(europol, id, '10:01'))['reason']).toBe('EXERCISE: an arrest');
  expect((await seen(german, id, '10:01'))['reason']).toBeNull();
});

test('keeps the reason and the threads from the community of a GREEN hold', async () => {
  const organisations = ['europol', 'csirt-de', 'csirt-pl'];
  const id = await asked({ reading: { marking: { tlp: 'GREEN' }, audience: { organisations } } });
  expect(await seen(stranger, id, '10:01')).toEqual({ reason: null, threads: [] });
});

test('refuses a hold without an addressee, for its asker, or that ends before it is asked for', async () => {
  const past = {
    on: { kind: 'TAKEDOWN', what: 'EXERCISE' },
    until: '2026-11-03T09:00:00Z',
    contact: 'EXERCISE',
  };
  expect(await errorsOf({ content: past })).toEqual([
    {
      code: 'INVALID',
      path: ['until'],
      message: 'expected a time after the time of the move',
    },
  ]);
  expect(await errorsOf({ content: { ...past, until: '2026-11-06T10:00:01Z' } })).toEqual([
    { code: 'INVALID', path: ['until'], message: 'expected 2026-11-06T10:00:00.000Z at the latest' },
  ]);
  expect(await errorsOf({ addressees: [] })).toEqual([expect.objectContaining({ path: ['addressees'] })]);
  expect(await errorsOf({ addressees: ['europol'] })).toEqual([
    expect.objectContaining({ path: ['addressees'] }),
  ]);
  const reading = { marking: { tlp: 'AMBER' }, audience: { organisations: ['europol', 'csirt-de'] } };
  expect(await errorsOf({ reading })).toEqual([
    {
      code: 'INVALID',
      path: ['reading', 'audience', 'organisations'],
      message: 'expected csirt-pl among the recipients, because it takes part',
    },
  ]);
});

test('lets an addressee agree, and the hold lapse at its end', async () => {
  const id = await asked();
  expect(await move(german, 'agree', id, '10:30', { scope: 'EXERCISE: all', until })).toEqual([]);
  const [agreed, open] = (await seen(europol, id, '19:59')).threads;
  expect([agreed?.state, open?.state]).toEqual(['AGREED', 'UNANSWERED']);
  expect(agreed?.moves.map(({ move: name }) => name)).toEqual(['ask', 'agree']);
  const [lapsed] = (await seen(europol, id, '20:00')).threads;
  expect([lapsed?.state, lapsed?.possibleMoves]).toEqual(['LAPSED', []]);
});

test('refuses a later end than asked, an answer after two hours, and a move of the other side', async () => {
  const id = await asked();
  expect(
    await move(german, 'agree', id, '10:30', { scope: 'EXERCISE', until: '2026-11-03T21:00:00Z' }),
  ).toEqual([
    {
      code: 'INVALID',
      path: ['until'],
      message: 'expected a time that is not after until',
    },
  ]);
  expect(await move(polish, 'agree', id, '12:00', { scope: 'EXERCISE', until })).toEqual([
    { code: 'WRONG_STATE', path: [], message: 'its state is unanswered: from here you can make no move' },
  ]);
  expect(
    await move(europol, 'agree', id, '10:30', { scope: 'EXERCISE', until, addressee: 'csirt-de' }),
  ).toEqual([expect.objectContaining({ code: 'NOT_ALLOWED' })]);
  expect(await move(stranger, 'agree', id, '10:30', { scope: 'EXERCISE', until })).toEqual([
    { code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' },
  ]);
  expect(
    await move(german, 'agree', id, '10:30', { scope: 'EXERCISE', until, addressee: 'csirt-pl' }),
  ).toEqual([{ code: 'NOT_FOUND', path: ['id'], message: 'no such record that you may change' }]);
});

test('refuses an end that is over when the addressee agrees: the hold would have lapsed without a notice', async () => {
  const id = await asked();
  const agreed = { expectedVersion: 1, scope: 'EXERCISE', until: '2026-11-03T10:30:00.000Z' };
  for (const name of ['agree', 'counter'])
    expect(await move(german, name, id, '10:30', agreed)).toEqual([
      { code: 'INVALID', path: ['until'], message: 'expected a time after the time of the move' },
    ]);
  expect(await move(german, 'agree', id, '10:29', agreed)).toEqual([]);
});

test('takes an agreement by telephone that is entered later, with its reason', async () => {
  const id = await asked();
  const late = { reason: 'EXERCISE: agreed by telephone', channel: 'telephone' };
  const input = { scope: 'EXERCISE', until, happenedAt: '2026-11-03T11:00:00Z' };
  expect(await move(german, 'agree', id, '14:00', input)).toEqual([
    expect.objectContaining({ path: ['late'] }),
  ]);
  expect(await move(german, 'agree', id, '14:00', { ...input, late })).toEqual([]);
  expect((await seen(german, id, '14:01')).threads[0]?.state).toBe('AGREED');
});

test('keeps the old end when an extension is refused', async () => {
  const id = await asked();
  await move(german, 'agree', id, '10:30', { scope: 'EXERCISE', until });
  const extension = { extensionUntil: '2026-11-03T23:00:00Z', reason: 'EXERCISE', addressee: 'csirt-de' };
  expect(await move(europol, 'extend', id, '19:00', extension)).toEqual([]);
  expect(
    await move(german, 'answerExtension', id, '19:30', {
      expectedVersion: 3,
      extension: 'REFUSED',
      reason: 'EXERCISE',
    }),
  ).toEqual([]);
  expect((await seen(europol, id, '20:00')).threads[0]?.state).toBe('LAPSED');
});

test('makes a move once for its key, and refuses the same version twice', async () => {
  const id = await asked();
  const key = randomUUID();
  const agree = { key, scope: 'EXERCISE', until };
  expect(await move(german, 'agree', id, '10:30', agree)).toEqual([]);
  expect(await move(german, 'agree', id, '10:30', agree)).toEqual([]);
  expect((await seen(german, id, '10:31')).threads[0]).toMatchObject({ version: 2 });
  expect(await move(german, 'lift', id, '10:40', { reason: 'EXERCISE' })).toEqual([
    expect.objectContaining({ code: 'STALE_VERSION' }),
  ]);
});
