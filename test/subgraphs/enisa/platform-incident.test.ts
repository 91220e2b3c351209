import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/enisa/community.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { askAt, csirt, enisa, makeMove, polish, refusedAs } from './file-of.ts';

/** The ground of Art. 5: ENISA states once, for all CRA notifications, that its platform cannot ensure confidentiality. */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const at = (time: string) => new Date(`2026-${time}:00Z`);
const exercise = 'exercise:platform';
const german = readerOf({
  organisation: 'csirt-de',
  subject: 'd',
  roles: ['csirt-analyst'],
  memberState: 'DE',
});
const playing = (reader: Reader): Reader => ({ ...reader, picture: exercise });
const until = at('03-20T12:00').toISOString();
const platformGround = { ground: 'A5_PLATFORM', until, reviewAt: at('03-05T12:00').toISOString() };

type Shown = {
  readonly envelope: { readonly version: number };
  readonly progress: Readonly<Record<string, unknown>>;
};

async function received(reader: Reader): Promise<string> {
  const content = {
    kind: 'ACTIVELY_EXPLOITED_VULNERABILITY',
    manufacturer: 'EXERCISE: a manufacturer',
    product: 'EXERCISE: Gate 5',
    awareAt: '2026-03-02T08:00:00.000Z',
  };
  const now = at('03-02T10:00');
  const made = await makeMove({ store: own.store, reader, now }, 'CraNotification', 'receive', { content });
  expect(made.userErrors).toEqual([]);
  return made.record?.id ?? '';
}

async function seen(reader: Reader, id: string, now: Date): Promise<Shown | null> {
  const query = `query Q($id: ID!) { craNotification(id: $id) {
    envelope { version } progress { state ground until platformIncident possibleMoves moves { move } }
  } }`;
  return await askAt({ store: own.store, reader, now }, query, { id });
}

async function move(reader: Reader, name: string, id: string, time: string, input: object) {
  const now = at(time);
  const expectedVersion = (await seen(enisa, id, now))?.envelope.version ?? 1;
  const given = { id, expectedVersion, ...input };
  return (await makeMove({ store: own.store, reader, now }, 'CraNotification', name, given)).userErrors;
}

const incident = (platformIncident: boolean) => ({ platformIncident });
const restored = { state: 'WITHHOLDING_EXPIRED', ground: 'A5_PLATFORM', platformIncident: false };

test('opens the ground for the notifications of every CSIRT, and ends each withholding when it ends', async () => {
  const [french, other, untouched] = [await received(csirt), await received(german), await received(csirt)];
  const refused = refusedAs('INVALID', { path: ['ground'] });
  expect(await move(csirt, 'withhold', french, '03-02T11:00', platformGround)).toEqual(refused);

  expect(await move(enisa, 'platform', other, '03-02T12:00', incident(true))).toEqual([]);
  for (const [reader, id] of [
    [csirt, french],
    [german, other],
  ] as const) {
    expect(await seen(reader, id, at('03-02T12:30'))).toMatchObject({
      progress: { state: 'TO_DISSEMINATE', platformIncident: true },
    });
    expect(await move(reader, 'withhold', id, '03-02T13:00', platformGround)).toEqual([]);
  }
  const same = refusedAs('INVALID', { path: ['platformIncident'] });
  expect(await move(enisa, 'platform', french, '03-02T13:30', incident(true))).toEqual(same);

  const now = at('03-03T09:00');
  expect(await move(enisa, 'platform', untouched, '03-03T09:00', incident(false))).toEqual([]);
  expect(await seen(csirt, french, now)).toMatchObject({
    progress: { ...restored, until: now.toISOString() },
  });
  expect(await seen(german, other, now)).toMatchObject({ progress: restored });
  const further = { groundRemains: 'EXERCISE', until: at('03-25T12:00').toISOString() };
  expect(await move(csirt, 'extend', french, '03-03T10:00', further)).toEqual(refusedAs('WRONG_STATE'));
  expect(await move(csirt, 'withhold', untouched, '03-03T10:00', platformGround)).toEqual(refused);
  expect(await move(enisa, 'platform', untouched, '03-03T10:00', incident(false))).toEqual(same);
  const csirts = { relevantCsirts: ['csirt-pl'] };
  expect(await move(csirt, 'disseminate', french, '03-03T11:00', csirts)).toEqual([]);
  expect(await seen(polish, french, at('03-03T12:00'))).toMatchObject({ progress: { until: null } });
});

test('informs the CSIRT once that its withholding ended', async () => {
  const id = await received(german);
  expect(await move(enisa, 'platform', id, '04-02T11:00', incident(true))).toEqual([]);
  expect(await move(german, 'withhold', id, '04-02T12:00', platformGroundUntil('04-20T12:00'))).toEqual([]);
  expect(await move(enisa, 'platform', id, '04-02T13:00', incident(false))).toEqual([]);
  const log = { error: (details: object) => expect(details).toBeNull() };
  const rules = workflowRulesOf('enisa');
  for (const time of ['04-02T13:01', '04-02T13:01', '04-21T12:00'])
    await fireDue(own.store, rules, at(time), log);
  const inbox = `query { _entities(representations: [{ __typename: "Inbox", id: "Inbox:own" }]) {
    ... on Inbox { enisa(first: 50) { nodes { recordId event name } } }
  } }`;
  const [found] = await askAt<readonly [{ readonly enisa: { readonly nodes: readonly object[] } }]>(
    { store: own.store, reader: german, now: at('04-21T13:00') },
    inbox,
  );
  const ended = { recordId: id, event: 'STATE', name: 'withholding-expired' };
  expect(found.enisa.nodes.filter((node) => JSON.stringify(node) === JSON.stringify(ended))).toHaveLength(1);
});

test('keeps an exercise and the real picture apart', async () => {
  const [real, played] = [await received(csirt), await received(playing(csirt))];
  const time = '05-02T12:00';
  const ask = async (reader: Reader, name: string, id: string, input: object) => {
    const given = { id, ...input };
    return (await makeMove({ store: own.store, reader, now: at(time) }, 'CraNotification', name, given))
      .userErrors;
  };
  expect(await ask(playing(enisa), 'platform', played, incident(true))).toEqual([]);
  expect(await ask(csirt, 'withhold', real, platformGroundUntil('05-20T12:00'))).toEqual(
    refusedAs('INVALID', { path: ['ground'] }),
  );
  expect(await seen(csirt, real, at(time))).toMatchObject({ progress: { platformIncident: false } });
  expect(await ask(playing(enisa), 'platform', real, incident(true))).toEqual(refusedAs('NOT_FOUND'));
});

test('lets nobody but ENISA state an incident of the platform', async () => {
  const id = await received(csirt);
  for (const reader of [
    csirt,
    { ...csirt, roles: ['duty-officer'] },
    { ...enisa, roles: ['network-secretariat'] },
  ])
    expect(await move(reader, 'platform', id, '06-02T12:00', incident(true))).toEqual(
      refusedAs('NOT_ALLOWED'),
    );
  for (const reader of [polish, german])
    expect(await move(reader, 'platform', id, '06-02T12:00', incident(true))).toEqual(refusedAs('NOT_FOUND'));
  expect(await seen(csirt, id, at('06-02T13:00'))).toMatchObject({ progress: { platformIncident: false } });
});

function platformGroundUntil(time: string): object {
  return { ...platformGround, until: at(time).toISOString(), reviewAt: at(time).toISOString() };
}
