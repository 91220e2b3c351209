import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { community } from '../../../../subgraphs/enisa/community.ts';
import { csaf } from '../../../../subgraphs/enisa/sources/csaf.ts';
import { Changes, type MarkInput } from '../../../../subgraphs/serve/changes/changes.ts';
import { prepare } from '../../../../subgraphs/serve/ingest/prepare.ts';
import type { Defaults } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { newestAlarms } from '../../../../subgraphs/serve/store/alarms.ts';
import { PreviewTarget } from '../../../../subgraphs/serve/ingest/preview-target.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { InStore } from '../../../helpers/in-store.ts';
import { policy } from '../../../helpers/policy.ts';
import { readerOf } from '../../../helpers/records.ts';
import { documentOf } from '../../enisa/sources/csaf-document.ts';

let place: InStore;
beforeAll(async () => (place = await InStore.open(community)));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => await place.clear());

const vendor = { originator: 'exercise-vendor' };
const titled = (title: string) => documentOf({ document: { title } });
const red = { tlp: 'AMBER', extraRestrictions: ['EXERCISE: for the vendor'] } as const;

async function stored(): Promise<StoredRecord> {
  const [found, ...others] = await place.store.connection
    .collection<StoredRecord>('vulnerabilityRecords')
    .find()
    .toArray();
  expect(others).toEqual([]);
  if (found === undefined) throw new Error('expected a record in the store');
  return found;
}

const keys = async () => (await place.store.links.find().lean()).map(({ key }) => key);

/** The changes that the originator makes by hand, as the graph makes them. */
async function mark(reading: MarkInput['reading']): Promise<void> {
  const { _id: id, envelope } = await stored();
  const readerAccess = policy.accessOf(readerOf({ organisation: 'exercise-vendor' }), new Date());
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
  const input = { key: randomUUID(), id, expectedVersion: envelope.version, reading };
  expect((await changes.mark(input)).userErrors).toEqual([]);
}

/** To whom an import of the document would open its record. */
async function previewed(document: object, given: Partial<Defaults>): Promise<readonly string[]> {
  const defaults = { ...csaf.defaults, ...given };
  const target = new Target(place.store, csaf.name, null, assignKeysBy(policy));
  const preview = new PreviewTarget(policy, {
    loadActors: async () => await target.loadActors(),
    dryRun: async (batch) => await target.dryRun(batch),
    isOlder: async () => await Promise.resolve(false),
  });
  const context = { defaults, receivedAt: new Date(), resolveActor: () => null };
  const mapped = csaf.map(csaf.shape.parse(document), context);
  await preview.write(mapped.map((one) => prepare(one, defaults, csaf.mapping, new Date())));
  return preview.opened().map(({ what }) => what);
}

test('keeps a marking that was set by hand when the feed has another one, and imports the content', async () => {
  await place.import(csaf, titled('EXERCISE: one'), vendor);
  const open = await previewed(titled('EXERCISE: two'), vendor);
  expect(open).toContainEqual(expect.stringContaining('every authenticated reader'));
  await mark({ marking: red, purposes: ['incident-response'], embargoUntil: new Date('2099-01-01') });
  const { envelope: marked, admits } = await stored();

  expect(await previewed(titled('EXERCISE: two'), vendor)).not.toContainEqual(
    expect.stringContaining('every authenticated reader'),
  );
  expect(await place.import(csaf, titled('EXERCISE: two'), vendor)).toMatchObject({ changed: 1 });
  const after = await stored();
  expect(after).toMatchObject({
    content: { title: { value: 'EXERCISE: two' } },
    envelope: { version: 3, readingByHand: true, marking: red, embargoUntil: new Date('2099-01-01') },
    admits,
    openFrom: new Date('2099-01-01'),
  });
  const { marking, audience, purposes, embargoUntil, portions } = marked;
  expect(after.envelope).toMatchObject({ marking, audience, purposes, embargoUntil, portions });
  expect(await place.import(csaf, titled('EXERCISE: two'), vendor)).toMatchObject({
    changed: 0,
    unchanged: 1,
  });
  expect(await stored()).toEqual(after);
});

test('keeps a marking that was set by hand under a new mapping and a new policy', async () => {
  await place.import(csaf, documentOf(), vendor);
  await mark({ marking: red });
  await place.import({ ...csaf, mapping: csaf.mapping + 1 }, documentOf(), vendor);
  await place.store.connection
    .collection('vulnerabilityRecords')
    .updateMany({}, { $set: { policy: 'an-older-one' } });
  expect(await place.import({ ...csaf, mapping: csaf.mapping + 1 }, documentOf(), vendor)).toMatchObject({
    changed: 1,
  });
  expect((await stored()).envelope).toMatchObject({ version: 4, marking: red });
});

test('writes no join row for a key that only a portion marked by hand names', async () => {
  await place.import(csaf, titled('EXERCISE: one'), vendor);
  expect(await keys()).toEqual(['Vulnerability:CVE-2099-10001']);
  await mark({
    marking: { tlp: 'CLEAR' },
    purposes: [...csaf.defaults.purposes],
    portions: [{ path: 'vulnerability', marking: { tlp: 'AMBER' } }],
  });
  expect(await keys()).toEqual([]);
  expect(await place.import(csaf, titled('EXERCISE: two'), vendor)).toMatchObject({ changed: 1 });
  expect(await keys()).toEqual([]);
  expect((await stored()).envelope.portions).toMatchObject([{ path: 'vulnerability' }]);
});

test('raises no alarm for a marking by hand that an import keeps', async () => {
  await place.import(csaf, titled('EXERCISE: one'), vendor);
  await mark({ marking: red });
  const before = await newestAlarms(place.store, 10);
  await place.import(csaf, titled('EXERCISE: two'), vendor);
  expect(await newestAlarms(place.store, 10)).toEqual(before);
});
