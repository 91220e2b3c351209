import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { Reader } from '../../../schema/protocol/reader.ts';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import type { CommunityStore } from '../../../subgraphs/serve/store/store.ts';
import { movesIn, progressIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { readerOf } from '../../helpers/records.ts';
import { race } from '../../helpers/race.ts';
import { makeMove, type Payload } from './moves-of.ts';

/** Many persons who make moves on one record at once: each acknowledged move is in the history, and none is made twice. */

let own: OwnStore;
let store: CommunityStore;
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  ({ store } = own);
});
afterAll(async () => await own.stop());

const racers = 200;
const now = new Date('2026-11-03T12:00:00Z');
const decides = [{ office: 'reserve-decider', until: '2027-01-01T00:00:00.000Z' }];
const csirt = readerOf({ organisation: 'csirt-fr', subject: 'f', roles: ['csirt-analyst'] });
const contactPoint = readerOf({ organisation: 'csirt-fr', subject: 's', roles: ['single-point-of-contact'] });
const deciderOf = (at: number): Reader =>
  readerOf({ organisation: 'enisa', subject: `e-${at}`, roles: ['reserve-desk'], offices: decides });

async function make(
  reader: Reader,
  move: string,
  input: Readonly<Record<string, unknown>>,
): Promise<Payload> {
  return await makeMove({ store, reader, now }, 'Mobilisation', move, input);
}

async function requested(): Promise<string> {
  const { record, userErrors } = await make(csirt, 'draft', {
    content: { mechanism: 'RESERVE', via: 'csirt-fr', situationLevel: 'SIGNIFICANT_INCIDENT' },
    decider: 'enisa',
  });
  expect(userErrors).toEqual([]);
  const id = record?.id ?? '';
  const request = {
    affectedEntity: 'EXERCISE',
    impact: 'EXERCISE',
    services: ['EXERCISE'],
    plannedUse: 'EXERCISE',
    measuresTaken: ['EXERCISE'],
    otherSupport: 'EXERCISE',
    estimatedNeeds: 'EXERCISE',
  };
  expect((await make(contactPoint, 'request', { id, ...request })).userErrors).toEqual([]);
  return id;
}

const isMade = ({ userErrors }: Payload): boolean => userErrors.length === 0;

test('keeps one proposal of many, and lets one of many second persons make it', async () => {
  const id = await requested();
  const decline = { id, expectedVersion: 2, grounds: ['EXERCISE'] };
  const proposals = await race(
    racers,
    async (at) => await make(deciderOf(at), 'decline', { key: `p-${at}`, ...decline }),
  );
  expect(proposals.filter(isMade)).toHaveLength(1);
  const [stored] = await progressIn(store).find({ record: id }).toArray();
  expect(stored?.proposals).toHaveLength(1);

  const proposal = stored?.proposals?.[0]?.id;
  const confirm = { id, expectedVersion: 2, proposal };
  const confirmed = await race(
    racers,
    async (at) => await make(deciderOf(1000 + at), 'confirmProposed', { key: `c-${at}`, ...confirm }),
  );
  expect(confirmed.filter(isMade)).toHaveLength(1);
  const made = await movesIn(store).find({ record: id, move: 'decline' }).toArray();
  expect(made.map(({ stage }) => stage).toSorted()).toEqual(['made', 'proposed']);
  expect((await progressIn(store).findOne({ record: id }))?.progress.state).toBe('declined');
});

test('makes a move once for one key, however often it is sent', async () => {
  const id = await requested();
  const withdraw = { key: 'w-1', id, expectedVersion: 2, reason: 'EXERCISE' };
  const withdrawn = await race(racers, async () => await make(csirt, 'withdraw', withdraw));
  expect(withdrawn.every(isMade)).toBe(true);
  expect(await movesIn(store).countDocuments({ record: id, move: 'withdraw' })).toBe(1);
});

test('accepts one of many moves that are based on the same version', async () => {
  const { record } = await makeMove(
    { store, reader: capabilityOwner, now },
    'Capability',
    'declare',
    declaration,
  );
  const id = record?.id ?? '';
  const asked = await race(
    racers,
    async (at) =>
      await makeMove(
        { store, reader: readerOf({ organisation: 'csirt-fr', subject: `a-${at}` }), now },
        'Capability',
        'ask',
        {
          key: `a-${at}`,
          id,
          need: `EXERCISE ${at}`,
        },
      ),
  );
  const history = await movesIn(store).find({ record: id, move: 'ask' }).toArray();
  expect(history).toHaveLength(asked.filter(isMade).length);
  expect(asked.filter(isMade)).toHaveLength(1);
});

const capabilityOwner = readerOf({
  organisation: 'csirt-de',
  subject: 'd',
  offices: [{ office: 'owner-delegate', until: '2027-06-01T00:00:00.000Z' }],
});
const declaration = {
  content: {
    kind: 'FORENSICS',
    quantity: 2,
    unit: 'teams',
    noticeHours: 24,
    place: 'EXERCISE',
    conditions: 'EXERCISE',
    costRule: 'EXERCISE',
    languages: ['de'],
    whoMayAsk: ['csirt-fr'],
    validUntil: '2028-01-01T00:00:00.000Z',
  },
  clearance: 'none',
};
