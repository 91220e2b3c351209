import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Db, MongoClient } from 'mongodb';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startStores } from '../../../docker/trial/stores/stores.ts';
import type { AskAgreements } from '../../../gateway/registry/ask-agreements.ts';
import { followAgreements } from '../../../gateway/registry/follow-agreements.ts';
import { openRegistry } from '../../../gateway/registry/registry.ts';

/** Tests that an agreement of the registry gives rights only while its record at the joint unit is in force. */

const until = new Date(Date.now() + 86_400_000);
const record = 'Agreement:00000000-0000-4000-8000-000000000001';
const organisation = { name: 'EXERCISE', kind: 'CSIRT', communities: [], memberState: null };
const agreement = {
  parties: ['csirt-fr', 'partner'],
  from: new Date(0),
  until,
  tlpCeiling: 'AMBER',
  purposes: ['incident-response'],
};

let db: Db;
let stop: () => Promise<void>;
beforeAll(async () => {
  const home = mkdtempSync(join(tmpdir(), 'jcu-agreements-'));
  const stores = await startStores({ home });
  const client = new MongoClient(stores.uris.hub);
  db = client.db();
  stop = async () => {
    await client.close();
    await stores.stop();
    rmSync(home, { recursive: true, force: true });
  };
});
afterAll(async () => await stop());

beforeEach(async () => {
  for (const name of ['agreements', 'memberships', 'organisations']) await db.collection(name).deleteMany({});
  const ids = ['csirt-fr', 'partner'].map((_id) => ({ _id, ...organisation }));
  await db.collection<{ _id: string }>('organisations').insertMany(ids);
  const member = { _id: 'u-1', organisation: 'partner', roles: [], sharingGroups: [], until: null };
  await db.collection<{ _id: string }>('memberships').insertOne(member);
});

async function enter(...entries: readonly object[]): Promise<void> {
  const all = entries.map((entry, at) => ({ _id: `A-${at}`, ...agreement, ...entry }));
  await db.collection<{ _id: string }>('agreements').insertMany(all);
}

async function agreed(): Promise<readonly string[]> {
  const membership = await openRegistry(db, 60_000).findMembership('u-1', new Date());
  return (membership?.agreements ?? []).map(({ id }) => id);
}

const unexpected = (error: unknown): void => {
  throw error;
};

/** Reads the states once, as the joint unit answers them. */
async function readOnce(ask: AskAgreements, report = unexpected): Promise<void> {
  const followed = followAgreements(db, ask, report);
  await followed.refresh();
  followed.stop();
}

const stateOf = (state: string, more: object = {}) => ({ record, state, version: 1, endsAt: null, ...more });

const answers =
  (state: string, more: object = {}): AskAgreements =>
  async (records) => ({
    agreements: records.map((one) => ({ ...stateOf(state, more), record: one })),
  });

test('gives no right for an agreement with a record before its state was read', async () => {
  await enter({}, { record }, { record: 7, state: 'draft' });
  expect(await agreed()).toEqual(['A-0']);
});

test.each([
  ['in-force', true],
  ['ending', true],
  ['suspended', false],
  ['signed', false],
  ['ended', false],
])('gives the right for an agreement that is %s: %s', async (state, isGiven) => {
  await enter({ record });
  await readOnce(answers(state));
  expect(await agreed()).toEqual(isGiven ? ['A-0'] : []);
});

test('ends the right when the agreement is suspended or its record is gone, and gives it again when it is resumed', async () => {
  await enter({ record });
  await readOnce(answers('in-force'));
  await readOnce(answers('suspended'));
  expect(await agreed()).toEqual([]);
  await readOnce(answers('in-force'));
  expect(await agreed()).toEqual(['A-0']);
  await readOnce(async () => ({ agreements: [] }));
  expect(await agreed()).toEqual([]);
});

const silent: AskAgreements = async () => await Promise.reject(new Error('no answer'));

test('keeps the last states while the joint unit does not answer', async () => {
  await enter({ record }, { record: `${record.slice(0, -1)}2` });
  await readOnce(async () => ({ agreements: [stateOf('in-force')] }));
  const faults: unknown[] = [];
  await readOnce(silent, (error) => faults.push(error));
  expect(faults.map(String)).toEqual(['Error: no answer']);
  expect(await agreed()).toEqual(['A-0']);
});

test('asks again for a move that was made while a question was in progress', async () => {
  await enter({ record });
  const states = [Promise.withResolvers<string>(), Promise.withResolvers<string>()];
  const begun = Promise.withResolvers<void>();
  let count = 0;
  const followed = followAgreements(
    db,
    async () => {
      begun.resolve();
      const state = await states[Math.min(count++, 1)]?.promise;
      return { agreements: [stateOf(state ?? '')] };
    },
    unexpected,
  );
  await begun.promise;
  const refreshed = followed.refresh();
  states[0]?.resolve('in-force');
  states[1]?.resolve('suspended');
  await refreshed;
  followed.stop();
  expect(await agreed()).toEqual([]);
});

test('asks for more agreements than one question can have', async () => {
  const ids = Array.from({ length: 450 }, (_none, at) => `Agreement:${at}`);
  await enter(...ids.map((id) => ({ record: id, parties: ['csirt-fr', 'enisa'] })));
  const asked: string[] = [];
  await readOnce(async (records) => {
    expect(records.length).toBeLessThanOrEqual(200);
    asked.push(...records);
    return { agreements: [] };
  });
  expect(new Set(asked)).toEqual(new Set(ids));
});

test('ends the right at the end of the agreement, also while the joint unit does not answer', async () => {
  await enter({ record });
  await readOnce(answers('in-force', { endsAt: new Date(Date.now() + 60_000).toISOString() }));
  expect(await agreed()).toEqual(['A-0']);
  await readOnce(answers('in-force', { endsAt: new Date(Date.now() - 1).toISOString() }));
  expect(await agreed()).toEqual([]);
});

test('replaces no newer state by an older one', async () => {
  await enter({ record });
  await readOnce(answers('suspended', { version: 7 }));
  await readOnce(answers('in-force', { version: 6 }));
  expect(await agreed()).toEqual([]);
  await readOnce(answers('in-force', { version: 8 }));
  expect(await agreed()).toEqual(['A-0']);
});

test('gives no right for a malformed id, and reads the others', async () => {
  await enter({ record: 'Agreement:a b' }, { record });
  await readOnce(answers('in-force'));
  expect(await agreed()).toEqual(['A-1']);
});

test('lets a caller that comes while the next question is in progress wait for the one after it', async () => {
  await enter({ record });
  const asked: PromiseWithResolvers<string>[] = [];
  const ask: AskAgreements = async () => {
    const one = Promise.withResolvers<string>();
    asked.push(one);
    return { agreements: [stateOf(await one.promise, { version: asked.length })] };
  };
  const begun = async (count: number): Promise<void> => {
    while (asked.length < count) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const followed = followAgreements(db, ask, unexpected);
  await begun(1);
  const second = followed.refresh();
  asked[0]?.resolve('in-force');
  await begun(2);
  const third = followed.refresh();
  asked[1]?.resolve('in-force');
  await second;
  await begun(3);
  asked[2]?.resolve('suspended');
  await third;
  followed.stop();
  expect(await agreed()).toEqual([]);
});
