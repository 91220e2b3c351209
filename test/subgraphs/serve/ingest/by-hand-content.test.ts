import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/defence/community.ts';
import { kinds } from '../../../../subgraphs/defence/records.ts';
import { Changes } from '../../../../subgraphs/serve/changes/changes.ts';
import { ownRecords } from '../../../../subgraphs/serve/ingest/own-records.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const source = ownRecords('defence', kinds);

const contentOf = (judgement: string) => ({ subject: { vulnerability: 'CVE-2099-10001' }, judgement });

function assessed(judgement: string) {
  const said = { localId: 'by-hand-1', marking: { tlp: 'GREEN' }, content: contentOf(judgement) };
  return { format: 'jcu-records/1', records: [{ kind: 'DefenceAssessment', ...said }] };
}

async function stored(): Promise<StoredRecord> {
  const found = await place.store.connection.collection<StoredRecord>('defenceAssessments').findOne();
  if (found === null) throw new Error('expected a record in the store');
  return found;
}

const keys = async () => (await place.store.links.find().lean()).map(({ key }) => key).toSorted();

/** The changes of an analyst of the originator, with the input of each. */
async function byHand() {
  const { _id: id, envelope } = await stored();
  const readerAccess = policy.accessOf(readerOf({ organisation: 'defence' }), new Date());
  const [store, keyAssigner] = [place.store, assignKeysBy(policy)];
  const parts = {
    community: community.name,
    kinds: community.kinds,
    store,
    policy,
    keyAssigner,
    readerAccess,
  };
  const changes = new Changes({ ...parts, alarm: () => undefined });
  return { changes, on: { key: randomUUID(), id, expectedVersion: envelope.version } };
}

test('keeps a joint case that was set by hand when the source has another one', async () => {
  await place.import(source, assessed('EXERCISE: one'));
  const { changes, on } = await byHand();
  expect((await changes.link({ ...on, case: 'JC-2026-0007' })).userErrors).toEqual([]);
  expect(await place.import(source, assessed('EXERCISE: two'))).toMatchObject({ changed: 1 });
  expect(await stored()).toMatchObject({
    content: { judgement: 'EXERCISE: two', case: 'JointCase:JC-2026-0007' },
    envelope: { caseByHand: true, version: 3 },
  });
  expect(await keys()).toEqual(['JointCase:JC-2026-0007', 'Vulnerability:CVE-2099-10001']);
});

test('replaces content that was changed by hand only if the source changed', async () => {
  await place.import(source, assessed('EXERCISE: one'));
  const { changes, on } = await byHand();
  expect(
    (await changes.update('DefenceAssessment', { ...on, content: contentOf('EXERCISE: by hand') }))
      .userErrors,
  ).toEqual([]);
  // The state after a new policy version, before its access keys are stored.
  const older = { $set: { policy: 'an-older-one' } };
  await place.store.connection.collection('defenceAssessments').updateMany({}, older);
  expect(await place.import(source, assessed('EXERCISE: one'))).toMatchObject({ changed: 0, unchanged: 1 });
  expect((await stored()).content).toMatchObject({ judgement: 'EXERCISE: by hand' });
  expect(await place.import(source, assessed('EXERCISE: two'))).toMatchObject({ changed: 1 });
  expect((await stored()).content).toMatchObject({ judgement: 'EXERCISE: two' });
});
