import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/joint-unit/community.ts';
import { type CommunityStore, openStore } from '../../../subgraphs/serve/store/store.ts';
import { movesIn } from '../../../subgraphs/serve/workflow/progress-store.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { race, racersOr } from '../../helpers/race.ts';
import { makeMove, type Payload } from './moves-of.ts';
import { analyst, at, desk, lead, runsIn } from './run-of.ts';

/** Persons who move steps of one run at once, through two connections to the store, as two processes have. */

let own: OwnStore;
let stores: readonly CommunityStore[];
beforeAll(async () => {
  own = await openOwnStore('joint-unit', community.kinds);
  const second = openStore(own.uri, community.kinds, (error) => {
    throw error;
  });
  await second.connection.asPromise();
  stores = [own.store, second];
});
afterAll(async () => {
  await stores[1]?.connection.close();
  await own.stop();
});

const { started, move, states } = runsIn(() => own.store);

const isMade = ({ userErrors }: Payload): boolean => userErrors.length === 0;
const evidence = 'EXERCISE';

test('makes a step ready once when the two steps before it are finished at once', async () => {
  for (let again = 0; again < 3; again += 1) {
    const id = await started();
    expect(await move(analyst, 'finish', id, '03T13:01')).toEqual([]);
    const made = await race(2, async (racer) => {
      const given = {
        id,
        step: `step-${racer + 2}`,
        expectedVersion: 2,
        key: `finish-${racer}-${id}`,
        evidence,
      };
      const on = {
        store: stores[racer] ?? own.store,
        reader: [analyst, desk][racer] ?? desk,
        now: at('03T13:02'),
      };
      return await makeMove(on, 'ProcedureRun', 'finishStep', given);
    });
    expect(made.map(isMade)).toEqual([true, true]);
    expect(await states(id, '03T13:02')).toEqual(['RUNNING', 'DONE', 'DONE', 'DONE', 'READY']);
    const ready = { record: id, part: 'step-4', move: 'readyStep' };
    expect(await movesIn(own.store).countDocuments(ready)).toBe(1);
  }
});

test('lets one of many persons of an organisation finish a step', async () => {
  const id = await started({
    performers: [
      { role: 'analyst', organisation: 'csirt-fr' },
      { role: 'crisis desk', organisation: 'csirt-pl' },
    ],
  });
  const made = await race(racersOr(8), async (racer) => {
    const reader = { ...analyst, subject: `f-${racer}` };
    const given = { id, step: 'step-1', expectedVersion: 1, key: `once-${racer}` };
    return await makeMove(
      { store: stores[racer % 2] ?? own.store, reader, now: at('03T13:01') },
      'ProcedureRun',
      'finishStep',
      given,
    );
  });
  expect(made.filter(isMade)).toHaveLength(1);
  const codes = new Set(made.flatMap(({ userErrors }) => userErrors.map(({ code }) => code)));
  expect([...codes]).toEqual(['STALE_VERSION']);
  expect(await movesIn(own.store).countDocuments({ record: id, move: 'finishStep' })).toBe(1);
  expect(await states(id, '03T13:01')).toEqual(['RUNNING', 'DONE', 'READY', 'READY', 'WAITING']);
});

test('ends a run once when it is aborted while its last step is finished', async () => {
  const id = await started();
  for (const [reader, step] of [
    [analyst, 'step-1'] as const,
    [analyst, 'step-2'] as const,
    [desk, 'step-3'] as const,
  ])
    expect(await move(reader, 'finish', id, '03T13:01', { step, evidence })).toEqual([]);
  const made = await race(2, async (racer) => {
    const on = { store: stores[racer] ?? own.store, reader: lead, now: at('03T13:02') };
    const key = `end-${racer}-${id}`;
    return racer === 0
      ? await makeMove(on, 'ProcedureRun', 'abort', { id, key, reason: evidence })
      : await makeMove(on, 'ProcedureRun', 'finishStep', {
          id,
          key,
          step: 'step-4',
          expectedVersion: 2,
          evidence,
        });
  });
  expect(made.filter(isMade)).toHaveLength(1);
  const [state, ...ofSteps] = await states(id, '03T13:03');
  expect([state, ofSteps.at(-1)]).toEqual(
    isMade(made[0] ?? ({ userErrors: [] } as never)) ? ['ABORTED', 'SKIPPED'] : ['COMPLETED', 'DONE'],
  );
  const ends = { record: id, move: { $in: ['abort', 'complete'] } };
  expect(await movesIn(own.store).countDocuments(ends)).toBe(1);
});
