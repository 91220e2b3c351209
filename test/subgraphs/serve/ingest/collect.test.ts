import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { z } from 'zod';
import { collectFirst } from '../../../../subgraphs/serve/ingest/collect.ts';
import { ingest } from '../../../../subgraphs/serve/ingest/ingest.ts';
import { noProgress } from '../../../../schema/runtime/progress.ts';
import { openRejects } from '../../../../subgraphs/serve/ingest/rejects.ts';
import type { Collection, Mapped, Source } from '../../../../subgraphs/serve/ingest/sources/source.ts';
import { assignKeysBy } from '../../../../subgraphs/serve/store/key-assigner.ts';
import { Target } from '../../../../subgraphs/serve/ingest/target.ts';
import { type CommunityStore, openStore } from '../../../../subgraphs/serve/store/store.ts';
import { policy } from '../../../helpers/policy.ts';
import { bulletins, community } from './bulletins.ts';
import { Place } from './place.ts';

let place: Place;
let store: CommunityStore;
beforeAll(async () => {
  place = await Place.open();
  store = openStore(place.stores.uris['cert-eu'], community.kinds, () => undefined);
  await store.connection.asPromise();
});
afterAll(async () => {
  await store.connection.close();
  await place[Symbol.asyncDispose]();
});
beforeEach(async () => await place.clear());

type Raw = { readonly id: string; readonly title: string; readonly of?: string | undefined };

/** Titles by id, so that a record is given the title of the one that it is of. */
class Titles implements Collection<Raw> {
  size = 0;
  readonly classified: unknown[] = [];
  readonly #titles = new Map<string, string>();

  take({ id, title }: Raw): void {
    this.#titles.set(id, title);
    this.size += id.length + title.length;
  }

  takeClassified(record: unknown): void {
    this.classified.push((record as Raw).id);
  }

  map({ id, title, of }: Raw): readonly Mapped[] {
    const content = { title: of === undefined ? title : `${title} of ${this.#titles.get(of) ?? 'nobody'}` };
    return [{ kind: 'Bulletin', localId: id, content, sortAt: null, names: [] }];
  }
}

let met: Titles[] = [];
const source: Source<Raw> = {
  ...bulletins,
  shape: z.looseObject({ id: z.string(), title: z.string(), of: z.string().optional() }),
  collect: () => {
    const titles = new Titles();
    met.push(titles);
    return titles;
  },
  map: () => [],
};

async function take(...files: readonly string[]) {
  met = [];
  const options = { source, files, defaults: source.defaults, receivedAt: new Date(), progress: noProgress };
  await using rejects = openRejects(`${place.folder}/rejects/collect.jsonl`);
  const target = new Target(store, 'collect', null, assignKeysBy(policy));
  const report = await ingest({ ...options, rejects, target, alarm: () => undefined });
  const records = await store.records.get('Bulletin')?.find().lean();
  return {
    report,
    titles: (records ?? []).map(({ content }) => (content as { title: string }).title).toSorted(),
  };
}

const fileOf = (...records: readonly unknown[]) => JSON.stringify({ bulletins: records });

test('gives a record the data of others in its file, in any order, and none of another file', async () => {
  const one = await place.write('c1.json', fileOf({ id: 'a', title: 'A', of: 'b' }, { id: 'b', title: 'B' }));
  const two = await place.write('c2.json', fileOf({ id: 'c', title: 'C', of: 'a' }));
  expect((await take(one, two)).titles).toEqual(['A of B', 'B', 'C of nobody']);
});

test('collects nothing of a malformed record, and of a classified one only that it is classified', async () => {
  const marked = { id: 'b', title: 'B', classification: 'EU SECRET' };
  const file = await place.write('c3.json', fileOf({ id: 'a', title: 'A', of: 'b' }, marked, { id: 'c' }));
  const { report, titles } = await take(file);
  expect(titles).toEqual(['A of nobody']);
  expect(report).toMatchObject({ read: 3, added: 1, rejected: 1, classified: 1 });
  expect(met.map(({ classified }) => classified)).toEqual([['b']]);
});

test('collects the records before the position where a file is truncated', async () => {
  const whole = fileOf({ id: 'a', title: 'A', of: 'b' }, { id: 'b', title: 'B' }, { id: 'c', title: 'C' });
  const { report, titles } = await take(await place.write('c4.json', whole.slice(0, -12)));
  expect(titles).toEqual(['A of B', 'B']);
  expect(report.broken).toHaveLength(1);
});

test('refuses a file whose collection exceeds the maximum, and imports the next file', async () => {
  const many = await place.write(
    'c5.json',
    fileOf({ id: 'a', title: 'A' }, { id: 'b', title: 'x'.repeat(100) }),
  );
  const context = { defaults: source.defaults, receivedAt: new Date(), resolveActor: () => null };
  await expect(collectFirst(source, many, context, 100)).rejects.toThrow(
    'its records refer to each other in more than 100 bytes: import the file in parts',
  );
  const huge = { ...source, collect: () => Object.assign(new Titles(), { size: 2 ** 40 }) };
  const next = await place.write('c6.json', fileOf());
  const target = new Target(store, 'collect', null, assignKeysBy(policy));
  await using rejects = openRejects(`${place.folder}/rejects/bound.jsonl`);
  const report = await ingest({
    source: huge,
    files: [many, next],
    defaults: source.defaults,
    target,
    rejects,
    progress: noProgress,
    alarm: () => undefined,
    receivedAt: new Date(),
  });
  expect(report).toMatchObject({ read: 0, broken: [expect.stringContaining('import the file in parts')] });
});
