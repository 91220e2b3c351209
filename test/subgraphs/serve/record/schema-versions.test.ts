import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Portion, StoredRecord } from '../../../../schema/record/envelope.ts';
import type { CommunityPart } from '../../../../subgraphs/serve/graph/community.ts';
import type { Kind } from '../../../../subgraphs/serve/kind.ts';
import { copyOf, type Migration } from '../../../../subgraphs/serve/record/migration.ts';
import { SchemaVersions } from '../../../../subgraphs/serve/record/schema-versions.ts';
import { throttle } from '../../../../subgraphs/serve/migrate/throttle.ts';
import type { Content } from '../../../../subgraphs/serve/record/content.ts';
import { audienceOf, envelopeOf, markingOf } from '../../../helpers/records.ts';
import { first, second, third } from '../migrate/bulletins-3.ts';

const alarms: string[] = [];
const schemaOf = ({ kinds }: CommunityPart) =>
  new SchemaVersions(kinds[0] as Kind, (message) => alarms.push(message));
const [v1, v2, v3] = [schemaOf(first), schemaOf(second), schemaOf(third)];

function recordOf(content: Content, changes: Partial<StoredRecord> = {}): StoredRecord {
  return { schemaVersion: 1, envelope: envelopeOf(), content, ...changes } as StoredRecord;
}

const bulletin = fc.record({
  title: fc.string(),
  text: fc.record({ value: fc.string(), lang: fc.constant('en') }),
  publishedAt: fc.constant(new Date(0)),
  actors: fc.array(fc.string(), { maxLength: 3 }),
});

test('reads a document without a version as version 1, and migrates every version to the newest', () => {
  const content = { title: 'T', text: { value: 'a longer text', lang: 'en' }, actors: ['A'] };
  const { schemaVersion: _none, ...bare } = recordOf(content);
  const newest = { headline: 'T', body: 'a longer text', opening: 'T: a longer ', names: ['A'] };
  expect(v3.read(bare as StoredRecord)?.content).toEqual(newest);
  expect(v3.read(recordOf(content))).toMatchObject({ schemaVersion: 3, content: newest });
  const { title, ...others } = content;
  expect(v3.read(recordOf({ ...others, headline: title }, { schemaVersion: 2 }))?.content).toEqual(newest);
});

test('writes documents that older versions read unchanged, until the store is contracted', () => {
  fc.assert(
    fc.property(bulletin, (content) => {
      const newest = v3.read(recordOf(content))?.content as Content;
      const written = recordOf({}, v3.write(newest, {}));
      expect(v1.read(written)?.content).toMatchObject(content);
      const { title, ...others } = content;
      expect(v2.read(written)?.content).toMatchObject({ ...others, headline: title });
      expect(v3.read(written)?.content).toEqual(newest);
      const contracted = recordOf({}, v3.write(newest, { Bulletin: 3 }));
      expect([contracted.content, contracted.schemaVersion, contracted.readableFrom]).toEqual([
        newest,
        3,
        undefined,
      ]);
      expect(v3.read(contracted)?.content).toEqual(newest);
      expect([v1.read(contracted), v2.read(contracted)]).toEqual([null, null]);
      const half = recordOf({}, v3.write(newest, { Bulletin: 2 }));
      expect([v1.read(half), v2.read(half)?.content]).toEqual([
        null,
        expect.objectContaining({ ...others, headline: title }),
      ]);
    }),
  );
});

test('reads a newer document if it allows it; otherwise skips it with an alarm that holds nothing of it', () => {
  alarms.length = 0;
  const content = { title: 'T', headline: 'T', secret: 'EXERCISE' };
  expect(v1.read(recordOf(content, { schemaVersion: 2, readableFrom: 1 }))?.content).toBe(content);
  expect(v1.read(recordOf(content, { schemaVersion: 2 }))).toBeNull();
  expect(v1.read(recordOf(content, { schemaVersion: 3, readableFrom: 2 }))).toBeNull();
  for (const schemaVersion of ['2', 1.5, 0, -1, {}] as unknown[])
    expect(v2.read(recordOf(content, { schemaVersion: schemaVersion as number }))).toBeNull();
  expect(alarms).toHaveLength(7);
  expect(alarms[0]).toBe(
    'skipped a document of Bulletin: its schema version is 2, and this program (version 1) cannot read it',
  );
  expect(alarms.join()).not.toContain('EXERCISE');
});

test('skips a document on which a migration fails, with an alarm', () => {
  alarms.length = 0;
  const broken = recordOf({ title: 'EXERCISE', text: { value: 7, lang: 'en' }, actors: [] });
  expect(v3.read(broken)).toBeNull();
  expect(v2.read(broken)).not.toBeNull();
  expect(alarms).toEqual(['skipped a document of Bulletin: a migration failed (TypeError)']);
});

test('derives added fields again when an older version has changed the document', () => {
  const content = { title: 'new', headline: 'old', text: { value: 'text', lang: 'en' }, actors: [] };
  expect(v2.read(recordOf(content))?.content).toMatchObject({ headline: 'new' });
  expect(v2.added(content, 1)).toEqual({ headline: 'new' });
  const { title: _gone, ...without } = content;
  expect(v2.read(recordOf(without))?.content).not.toHaveProperty('headline');
});

test('keeps the fields of a newer version when unchanged content is written back', () => {
  const content = { title: 'T', headline: 'T', text: { value: 't', lang: 'en' }, actors: [], more: 1 };
  const newer = recordOf(content, { schemaVersion: 4, readableFrom: 1 });
  const read = v2.read(newer);
  expect(read?.content).not.toHaveProperty('title');
  expect(v2.write(read?.content as Content, {}, read ?? undefined)).toEqual({
    content,
    schemaVersion: 4,
    readableFrom: 1,
  });
});

function portionOf(path: string, tlp: 'AMBER' | 'RED' = 'AMBER'): Portion {
  return { path, marking: markingOf({ tlp }), audience: audienceOf({ reach: 'NAMED' }) };
}

const paths = (portions: readonly Portion[] = []) => portions.map(({ path }) => path).toSorted();

test('hides derived and retired fields with the portion of their source field', () => {
  const read = (portions: readonly Portion[], schema = v3) =>
    paths(schema.read(recordOf({}, { envelope: envelopeOf({ portions }) }))?.envelope.portions);
  expect(read([portionOf('title')])).toEqual(['headline', 'opening', 'title']);
  expect(read([portionOf('title')], v2)).toEqual(['headline', 'title']);
  expect(read([portionOf('text'), portionOf('title', 'RED')])).toEqual([
    'body',
    'headline',
    'opening',
    'opening',
    'text',
    'title',
  ]);
  expect(paths(v3.portionsToStore([portionOf('headline')]))).toEqual(['headline', 'opening', 'title']);
  expect(paths(v3.portionsToStore([portionOf('opening')]))).toEqual(['opening']);
  expect(paths(v3.portionsToStore([portionOf('body')]))).toEqual(['body', 'opening', 'text']);
  const kept = v3.portionsToStore([portionOf('names')]);
  expect(read(kept)).toEqual(paths(kept));
});

test('filters by the old field until the store is contracted', () => {
  expect(v2.filterPath('headline', {})).toBe('content.title');
  expect(v2.filterPath('headline', { Bulletin: 2 })).toBe('content.headline');
  expect(v3.filterPath('headline', { Bulletin: 1 })).toBe('content.title');
  expect(v3.filterPath('headline', { Bulletin: 3 })).toBe('content.headline');
  expect(v3.filterPath('opening', { Bulletin: 2 })).toBeNull();
  expect(v3.filterPath('opening', { Bulletin: 3 })).toBe('content.opening');
  expect(v3.filterPath('nothing', {})).toBeNull();
  expect(v3.filterPaths().toSorted()).toEqual(['content.headline', 'content.opening', 'content.title']);
  expect(v1.filterPath('title', { Bulletin: 2 })).toBe('content.title');
});

const kindWith = (migrations: readonly Migration[], content = {}, filters = {}): Kind => ({
  type: 'Bulletin',
  collection: 'bulletins',
  content,
  filters,
  migrations,
});

/** The error message for a kind with these migrations, or its version if they are valid. */
function errorOf(...parts: Parameters<typeof kindWith>): unknown {
  try {
    return new SchemaVersions(kindWith(...parts)).current;
  } catch (error) {
    return (error as Error).message;
  }
}

test('rejects invalid migrations at start, with one line for each fault', () => {
  const because = 'EXERCISE';
  expect(errorOf([{ because, adds: { title: copyOf('title') } }], { title: String })).toContain(
    'title existed before',
  );
  expect(errorOf([{ because, adds: { b: copyOf('a') }, retires: { b: copyOf('a') } }])).toContain(
    'b cannot be retired: ',
  );
  const rename: Migration = { because, adds: { b: copyOf('a') }, retires: { a: copyOf('b') } };
  expect(errorOf([rename], { b: String })).toBe(2);
  expect(errorOf([rename], { a: String, b: String })).toContain('content has the retired field a');
  expect(errorOf([rename], {})).toContain('content lacks the field b that a migration adds');
  expect(errorOf([rename], { b: String }, { a: 'content.a' })).toContain('the filter a compares a retired');
  expect(errorOf([rename, { because, adds: { a: copyOf('b') } }], { b: String })).toContain(
    'version 2 to 3: a existed before',
  );
  expect(errorOf([rename, { because, adds: { c: copyOf('a') } }], { b: String, c: String })).toContain(
    'c is made from a, which was retired',
  );
  expect(errorOf([{ ...rename, retires: { a: copyOf('c'), c: copyOf('b') } }], { b: String })).toContain(
    'a is made from c, which was retired',
  );
});

test('raises the same alarm once a minute', () => {
  let now = 0;
  const raised: string[] = [];
  const raise = throttle(
    (message) => raised.push(message),
    () => now,
  );
  for (const at of [0, 1, 59_999, 60_000]) {
    now = at;
    raise('a');
  }
  raise('b');
  expect(raised).toEqual(['a', 'a', 'b']);
});
