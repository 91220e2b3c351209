import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { StoredRecord } from '../../../../schema/record/envelope.ts';
import { migrate } from '../../../../subgraphs/serve/migrate/migrate.ts';
import { previewMigration } from '../../../../subgraphs/serve/migrate/preview.ts';
import { formatPreview } from '../../../../subgraphs/serve/operate/migrate-command.ts';
import { relabel } from '../../../../subgraphs/serve/relabel/relabel.ts';
import type { Content } from '../../../../subgraphs/serve/record/content.ts';
import type { CommunityStore } from '../../../../subgraphs/serve/store/store.ts';
import { policy } from '../../../helpers/policy.ts';
import { first, second, third } from './bulletins-3.ts';
import { contentOf, listOf, openVersions, prepared, storedIn, targetOf } from './stores.ts';

let versions: Awaited<ReturnType<typeof openVersions>>;
beforeAll(async () => {
  versions = await openVersions([first, second, third]);
});
afterAll(async () => await versions.stop());
beforeEach(async () => await versions.clear());

const quick = { rest: 0 } as const;

async function importBy(program: 'v1' | 'v2', count: number, from = 0): Promise<void> {
  const batch = Array.from({ length: count }, (_, at) => {
    const { title, ...others } = contentOf(from + at);
    return prepared(from + at, { ...others, [program === 'v1' ? 'title' : 'headline']: title });
  });
  await targetOf(versions[program].store).write(batch);
}

/** Anything a store may hold as a bulletin: fields that are not there, null, or of the wrong form. */
const anything = fc.record(
  {
    title: fc.option(fc.string(), { nil: null }),
    headline: fc.constant('left by a newer version'),
    text: fc.oneof(
      fc.constant(null),
      fc.record({ value: fc.oneof(fc.string(), fc.integer()), lang: fc.constant('en') }),
    ),
    actors: fc.array(fc.string(), { maxLength: 3 }),
  },
  { requiredKeys: [] },
);

const ofFirst = (all: readonly StoredRecord<Content>[]) =>
  all.map(({ content: { title, text, actors } }) => ({ title, text, actors }));

const withoutForm = (all: readonly StoredRecord[]) =>
  all.map(({ content: _content, schemaVersion: _version, readableFrom: _from, ...others }) => others);

test('migrates a document in memory as in the store', async () => {
  const contents = fc.sample(anything, { numRuns: 300, seed: 5 });
  await importBy('v1', contents.length);
  const rows = await storedIn(versions.v1);
  const bulletins = versions.v1.store.records.get('Bulletin')?.collection;
  for (const [at, content] of contents.entries())
    await bulletins?.updateOne(
      { _id: rows[at]?._id } as never,
      // Every third is of version 1 without saying so.
      at % 3 === 0 ? { $set: { content }, $unset: { schemaVersion: '' } } : { $set: { content } },
    );
  const read = (all: readonly StoredRecord[]) =>
    all.map((record) => {
      const { content, envelope, schemaVersion } =
        versions.v3.store.schemas.get('Bulletin')?.read(record) ?? {};
      return { content, envelope, schemaVersion };
    });
  const before = await storedIn(versions.v1);
  const inMemory = read(before);
  const { migrated, failed } = await migrate(versions.v3.store, { ...quick, batch: 70 });
  const after = await storedIn(versions.v1);
  expect(read(after)).toEqual(inMemory);
  const broken = inMemory.filter(({ content }) => content === undefined).length;
  expect(broken).toBeGreaterThan(10);
  expect(migrated).toBe(contents.length - broken);
  expect(failed).toEqual([{ what: 'Bulletin: TypeError', records: broken, examples: expect.any(Array) }]);
  // The old fields stay, for programs of version 1.
  expect(ofFirst(after)).toEqual(ofFirst(before));
  expect(after.filter(({ schemaVersion }) => schemaVersion === 3)).toHaveLength(migrated);
});

test('changes only content and its filters in a migration: no envelope, access key or join row', async () => {
  await importBy('v1', 20);
  const { links } = versions.v1.store;
  const [before, linksBefore] = [await storedIn(versions.v1), await links.find().sort({ _id: 1 }).lean()];
  expect(await migrate(versions.v3.store, quick)).toEqual({ migrated: 20, failed: [] });
  const after = await storedIn(versions.v1);
  const withoutFilters = (records: typeof after) => records.map((record) => ({ ...record, filters: {} }));
  expect(withoutForm(withoutFilters(after))).toEqual(withoutForm(withoutFilters(before)));
  const openings = after.map(({ content }) => ({ opening: content['opening'] }));
  expect(after.map(({ filters }) => filters)).toEqual(openings);
  expect(after.map(({ schemaVersion, readableFrom }) => [schemaVersion, readableFrom])).toEqual(
    before.map(() => [3, 1]),
  );
  expect(await links.find().sort({ _id: 1 }).lean()).toEqual(linksBefore);
  expect(await migrate(versions.v3.store, quick)).toEqual({ migrated: 0, failed: [] });
});

test('counts in a preview what would change, says why, and changes nothing', async () => {
  await importBy('v1', 3);
  await importBy('v2', 4, 3);
  const bulletins = versions.v1.store.records.get('Bulletin')?.collection;
  const [one, other] = await storedIn(versions.v1);
  await bulletins?.updateOne({ _id: one?._id } as never, { $set: { schemaVersion: 4 } });
  await bulletins?.updateOne({ _id: other?._id } as never, { $set: { schemaVersion: 5, readableFrom: 2 } });
  const before = await storedIn(versions.v1);
  expect(formatPreview('cert-eu', await previewMigration(versions.v3.store))).toEqual([
    'Bulletin: 5 would be migrated to version 3 (EXERCISE: a title is a headline; EXERCISE: texts are plain)',
    'Bulletin: 2 are newer than this program, which can read 1 of them',
    'this is a preview: nothing was written',
  ]);
  expect(await storedIn(versions.v1)).toEqual(before);
  expect(formatPreview('cert-eu', await previewMigration(versions.v1.store))).toEqual([
    'cert-eu: there is nothing to migrate',
  ]);
  await migrate(versions.v3.store, quick);
  expect(formatPreview('cert-eu', await previewMigration(versions.v3.store))).toContain(
    'Bulletin: 5 have fields of older versions: --contract removes them',
  );
});

/** The store with an act of somebody else between the reading of a batch and its writing. */
function interrupted(store: CommunityStore, act: () => Promise<void>): CommunityStore {
  let acted = false;
  const records = [...store.records].map(([kind, model]) => {
    const collection = new Proxy(model.collection, {
      get: (target, name) => {
        const found: unknown = Reflect.get(target, name, target);
        if (typeof found !== 'function') return found;
        if (name !== 'bulkWrite') return found.bind(target);
        return async (...given: readonly unknown[]) => {
          if (!acted) await act();
          acted = true;
          return await found.apply(target, given);
        };
      },
    });
    const estimatedDocumentCount = async () => await model.estimatedDocumentCount();
    return [kind, { collection, estimatedDocumentCount }] as const;
  });
  return { ...store, records: new Map(records) as never };
}

test('does not overwrite what an import writes during a batch of a migration', async () => {
  await importBy('v1', 10);
  const changed = Array.from({ length: 5 }, (_, at) => prepared(at, contentOf(at, 'as it changed')));
  const store = interrupted(versions.v3.store, async () => {
    expect((await targetOf(versions.v1.store).write(changed)).changed).toBe(5);
  });
  expect(await migrate(store, quick)).toEqual({ migrated: 10, failed: [] });
  const bodies = (await storedIn(versions.v3)).map(({ content }) => content['body']);
  expect(bodies).toEqual(Array.from({ length: 10 }, (_, at) => `as it ${at < 5 ? 'changed' : 'came'} ${at}`));
});

test('does not overwrite what a change by hand writes during a batch of a migration', async () => {
  await importBy('v2', 3);
  const [row] = await storedIn(versions.v2);
  const filter = { _id: row?._id, 'envelope.version': 1 } as never;
  // The same version of content with another version of the record, and the other way round.
  const changes = [
    { 'content.text.value': 'by hand', 'envelope.version': 2 },
    { 'content.body': 'made by a program of version 3', schemaVersion: 3 },
  ];
  for (const [at, change] of changes.entries()) {
    await versions.clear();
    await importBy('v2', 3);
    const [record] = await storedIn(versions.v2);
    const bulletins = versions.v2.store.records.get('Bulletin')?.collection;
    const store = interrupted(versions.v3.store, async () => {
      await bulletins?.updateOne({ ...(filter as object), _id: record?._id } as never, { $set: change });
    });
    await migrate(store, quick);
    const [after] = await storedIn(versions.v3);
    expect(after?.content['body']).toBe(at === 0 ? 'by hand' : 'made by a program of version 3');
    expect(after?.schemaVersion).toBe(3);
  }
});

test('loses nothing in two concurrent migrations with imports of both versions and a relabelling', async () => {
  await importBy('v1', 400);
  const over = new AbortController();
  const importing = async (program: 'v1' | 'v2', from: number) => {
    for (let turn = 0; !over.signal.aborted; turn += 1) {
      const at = from + (turn % 40);
      const { title, ...others } = contentOf(at, `turn ${turn} of`);
      const content = { ...others, [program === 'v1' ? 'title' : 'headline']: title };
      await targetOf(versions[program].store).write([prepared(at, content)]);
      last.set(at, `turn ${turn} of ${at}`);
    }
  };
  const last = new Map<number, string>();
  const working = Promise.all([importing('v1', 0), importing('v2', 200)]);
  const options = { batch: 20, rest: 1 };
  for (let turn = 0; turn < 3; turn += 1)
    await Promise.all([
      migrate(versions.v3.store, options),
      migrate(versions.v3.store, options),
      relabel(versions.v3.store, policy, { graceMs: 0, batch: 50 }),
    ]);
  over.abort();
  await working;
  await migrate(versions.v3.store, quick);
  const stored = await storedIn(versions.v3);
  expect(stored).toHaveLength(400);
  const wanted = stored.map(({ envelope }) => {
    const at = Number(envelope.localId);
    return last.get(at) ?? `as it came ${at}`;
  });
  expect(stored.map(({ content }) => content['body'])).toEqual(wanted);
  expect(stored.map(({ content }) => (content['text'] as { value: string }).value)).toEqual(wanted);
  expect(last.size).toBeGreaterThan(20);
});

test('reports a document that the store refuses, and migrates the others', async () => {
  await importBy('v1', 3);
  const bulletins = versions.v1.store.records.get('Bulletin')?.collection;
  const [row] = await storedIn(versions.v1);
  // Twice as long it is more than a document may hold.
  await bulletins?.updateOne({ _id: row?._id } as never, {
    $set: { 'content.text.value': 'x'.repeat(9_000_000) },
  });
  const { migrated, failed } = await migrate(versions.v3.store, quick);
  expect([migrated, failed]).toEqual([
    2,
    [{ what: expect.stringMatching(/^Bulletin: the store refuses it/), records: 1, examples: [row?._id] }],
  ]);
  expect((await listOf(versions.v3, 'Bulletin')).contents).toHaveLength(3);
});
