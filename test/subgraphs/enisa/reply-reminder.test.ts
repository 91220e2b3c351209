import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { community } from '../../../subgraphs/enisa/community.ts';
import { workflowRulesOf } from '../../../subgraphs/serve/workflow/rules.ts';
import { fireDue } from '../../../subgraphs/serve/workflow/run-timers.ts';
import { openOwnStore, type OwnStore } from '../../helpers/own-store.ts';
import { askAt, csirt, filesIn, polish } from './file-of.ts';

/** The reminder of the reply to an early warning, which the law wants within 24 hours "where possible". */

let own: OwnStore;
beforeAll(async () => {
  own = await openOwnStore('enisa', community.kinds);
});
afterAll(async () => await own.stop());

const files = filesIn(() => own.store);
const at = (time: string) => new Date(`2026-${time}:00Z`);
const warning = 'early-warning-1';

async function warned(more: Record<string, unknown> = {}): Promise<string> {
  const id = await files.opened(at('03-02T10:00'), more);
  const submitted = { submittedAt: at('03-02T11:00').toISOString(), minimumContent: ['EXERCISE'] };
  expect(
    await files.moveStage(csirt, 'submit', { id, stage: warning }, at('03-02T11:05'), submitted),
  ).toEqual([]);
  return id;
}

type Notice = { readonly recordId: string; readonly part: string | null; readonly name: string };

/** Fires what is due at a time, twice, and returns the reminders of the reply on a file. */
async function remindersAt(time: string, id: string, reader = csirt): Promise<readonly Notice[]> {
  const log = { error: (details: object) => expect(details).toBeNull() };
  const now = at(time);
  for (let round = 0; round < 2; round += 1)
    while ((await fireDue(own.store, workflowRulesOf('enisa'), now, log)).tried > 0);
  const query = `query { _entities(representations: [{ __typename: "Inbox", id: "Inbox:own" }]) {
    ... on Inbox { enisa(first: 100) { nodes { recordId part name } } }
  } }`;
  const [found] = await askAt<readonly [{ readonly enisa: { readonly nodes: readonly Notice[] } }]>(
    { store: own.store, reader, now },
    query,
  );
  return found.enisa.nodes.filter(({ recordId, name }) => recordId === id && name === 'reply');
}

test('reminds once after 24 hours without a reply', async () => {
  const id = await warned();
  expect(await remindersAt('03-03T10:59', id)).toEqual([]);
  const reminder = [{ recordId: id, part: warning, name: 'reply' }];
  expect(await remindersAt('03-03T11:00', id)).toEqual(reminder);
  expect(await remindersAt('04-03T11:00', id)).toEqual(reminder);
  expect(await remindersAt('04-03T11:00', id, polish)).toEqual([]);
  const { threads } = await files.seen(csirt, id, at('04-03T11:00'));
  expect(threads?.find(({ stage }) => stage === warning)?.state).toBe('SUBMITTED');
});

test('reminds of no reply that was made, and of none that the regime does not know', async () => {
  const replied = await warned();
  expect(await files.move(csirt, 'reply', replied, at('03-02T15:00'), { feedback: 'EXERCISE' })).toEqual([]);
  const product = await warned({ underRegime: 'CRA_INCIDENT' });
  for (const id of [replied, product]) expect(await remindersAt('03-05T11:00', id)).toEqual([]);
});
