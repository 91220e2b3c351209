import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { at, casesIn, certEu, lead, reason, stranger } from './case-of.ts';
import { hideField, noticesOf } from './inbox-of.ts';
import { passTo } from './pass-to.ts';

/** The prompt of a case that several states call an incident, and that no state has recorded as more. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const { active, move, seen } = casesIn(() => store);

const french = readerOf({ organisation: 'csirt-fr', subject: 'f-2', roles: ['csirt-analyst'] });
const polish = readerOf({
  organisation: 'csirt-pl',
  subject: 'p-2',
  roles: ['csirt-analyst'],
  memberState: 'PL',
});

async function assess(reader: Reader, id: string, time: string): Promise<void> {
  const assessed = {
    value: 'INCIDENT',
    about: 'MEMBER_STATE',
    memberState: reader.memberState,
    criteria: ['EXERCISE criterion'],
    at: '2026-11-03T09:00:00.000Z',
  };
  expect(await move(reader, 'assessLevel', id, time, assessed)).toEqual([]);
}

/** Lets the clock pass to a time, and returns when an organisation was reminded of the prompt of a case. */
async function promptedUntil(time: string, id: string, reader: Reader = lead): Promise<readonly string[]> {
  await passTo(store, at(time));
  const notices = await noticesOf(store, reader, at(time), id);
  return notices.flatMap(({ event, name, happenedAt }) =>
    event === 'REMINDER' && name === 'unrecordedCause' ? [String(happenedAt)] : [],
  );
}

test('reminds the participants at once and then daily, while no assessment says more', async () => {
  const id = await active();
  await assess(french, id, '03T13:00');
  expect(await promptedUntil('03T13:30', id)).toEqual([]);
  await assess(polish, id, '03T14:00');
  const first = '2026-11-03T14:00:00.000Z';
  expect(await promptedUntil('03T14:01', id)).toEqual([first]);
  expect(await promptedUntil('04T13:59', id)).toEqual([first]);
  const days = [first, '2026-11-04T14:00:00.000Z', '2026-11-05T14:00:00.000Z'];
  expect(await promptedUntil('04T14:01', id)).toEqual(days.slice(0, 2));
  // A move of the case keeps the rhythm.
  expect(await move(lead, 'monitor', id, '05T10:00', { reason, wakes: 'EXERCISE' })).toEqual([]);
  for (const reader of [lead, french, polish])
    expect(await promptedUntil('05T14:01', id, reader)).toEqual(days);
  for (const reader of [certEu, stranger]) expect(await promptedUntil('05T14:01', id, reader)).toEqual([]);

  const more = { value: 'SIGNIFICANT_INCIDENT', criteria: ['EXERCISE'], at: at('06T09:00').toISOString() };
  const revised = { ...more, reason, expectedVersion: 1 };
  expect(await move(french, 'reviseLevel', id, '06T10:00', revised)).toEqual([]);
  expect(await promptedUntil('20T10:00', id)).toEqual(days);
  expect(JSON.stringify(await seen(lead, id, '20T10:00'))).not.toContain('promptAt');
});

test.each(['threads', 'levels', 'prompt', 'joined'])(
  'tells nothing of the prompt to a participant from whom the field %s is hidden',
  async (path) => {
    const id = await active();
    await assess(french, id, '03T13:00');
    await assess(polish, id, '03T14:00');
    expect(await promptedUntil('03T14:01', id, polish)).toHaveLength(1);
    await hideField(store, { kind: 'JointCaseRecord', id, path }, ['csirt-fr']);
    expect(await promptedUntil('03T14:01', id, polish)).toEqual([]);
    expect(await promptedUntil('03T14:01', id, french)).toHaveLength(1);
  },
);

test('reminds nobody once an assessment is withdrawn and only one state is left', async () => {
  const id = await active();
  await assess(french, id, '03T13:00');
  await assess(polish, id, '03T14:00');
  expect(await move(polish, 'withdrawLevel', id, '03T14:30', { reason, expectedVersion: 1 })).toEqual([]);
  expect(await promptedUntil('05T14:01', id)).toEqual([]);
});

test('catches up once after an outage of several days, and not for each of them', async () => {
  const id = await active();
  await assess(french, id, '03T13:00');
  await assess(polish, id, '03T14:00');
  expect(await promptedUntil('10T12:00', id)).toEqual(['2026-11-03T14:00:00.000Z']);
  expect(await promptedUntil('10T15:00', id)).toEqual([
    '2026-11-03T14:00:00.000Z',
    '2026-11-10T14:00:00.000Z',
  ]);
});
