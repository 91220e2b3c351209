import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { bulletinsFile, Place } from './place.ts';

const word = 'OPENSESAME';
let place: Place;
beforeAll(async () => (place = await Place.open()));
afterAll(async () => await place[Symbol.asyncDispose]());
beforeEach(async () => {
  await place.clear();
  await place.clearRejects();
});

test('stores only position, time, feed and keyed hash of a classified record, and raises the alarm', async () => {
  const marked: Readonly<Record<number, object>> = {
    3: { text: `NATO SECRET\n${word}` },
    5: { classification: 'RESTREINT UE/EU RESTRICTED', text: word },
    // Classified and broken in other ways as well: the alarm is due in any case.
    6: { tags: ['nato:classification="NS"'], text: word, $where: word },
    7: { title: 'VS-NfD', text: `${word} `.repeat(200_000) },
    8: { text: `EU SECRET\n${word}`, published: '2025-02-30' },
  };
  const text = bulletinsFile(10, (bulletin, at) => ({ ...bulletin, ...marked[at] })).replace(
    '"id": "B-9"',
    `"marking": "TOP SECRET", "x": ${word}, "id": "B-9"`,
  );
  const ended = await place.import([await place.write('spill.json', text)]);
  expect(ended.code).toBe(3);
  expect(ended.out).toMatch(/: 10 read; .* 0 rejected, 6 classified;/);
  expect(ended.err.match(/SPILLAGE: classified content arrived by bulletins/g)).toHaveLength(6);
  expect(ended.out + ended.err).not.toContain(word);

  const spillages = await place.client.db().collection('spillages').find().sort({ index: 1 }).toArray();
  expect(spillages.map(({ index }) => index as number)).toEqual([3, 5, 6, 7, 8, 9]);
  expect(Object.keys(spillages[0] ?? {}).sort()).toEqual([
    '_id',
    'at',
    'feed',
    'file',
    'hmac',
    'index',
    'offset',
  ]);
  expect(await place.everything()).not.toContain(word);
  const rejects = await place.rejects();
  expect(rejects.map(({ reason }) => reason as string)).toEqual(
    Array.from({ length: 6 }, () => 'CLASSIFIED'),
  );
  expect(JSON.stringify(rejects)).not.toContain(word);
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(4);

  const kept = await place.client.db().collection('ingestKeys').findOne();
  const [first] = spillages;
  const from = first?.['offset'] as number;
  const bytes = Buffer.from(text).subarray(from, Buffer.from(text).indexOf('\n  },', from) + 4);
  expect(first?.['hmac']).toBe(
    createHmac('sha256', Buffer.from(kept?.['key'] as string, 'base64'))
      .update(bytes)
      .digest('hex'),
  );
});

test.each([
  ['before', (text: string) => text.replace('"title": "EXERCISE"', '"classification": "NATO RESTRICTED"')],
  ['behind', (text: string) => text.replace(/\]\s*\}$/, '], "marking": "EU CONFIDENTIAL"}')],
])('refuses a whole file with a classified header %s its records', async (_where, mark) => {
  const text = mark(bulletinsFile(1500).replaceAll('EXERCISE bulletin', word));
  const ended = await place.import([await place.write('marked.json', text)]);
  expect(ended.code).toBe(3);
  expect(ended.err).toContain('outside its records');
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
  expect(await place.everything()).not.toContain(word);
  expect(await place.rejects()).toMatchObject([{ index: -1, reason: 'CLASSIFIED' }]);
});

test('imports no name and no record with a classified alias table', async () => {
  const galaxy = {
    type: 'threat-actor',
    uuid: '7cdff317-a673-4474-84ec-4f1754947823',
    version: 1,
    values: [
      { uuid: '00000000-0000-4000-8000-000000000001', value: 'EXERCISE ACTOR', meta: { synonyms: ['EX-1'] } },
      { uuid: '00000000-0000-4000-8000-000000000002', value: word, description: 'NATO SECRET', meta: {} },
    ],
  };
  const aliases = await place.write('aliases.json', JSON.stringify(galaxy));
  const file = await place.write('good.json', bulletinsFile(1));
  const ended = await place.import([file], { args: ['--aliases', aliases] });
  expect(ended.code).toBe(3);
  expect(await place.everything()).not.toContain(word);
  expect(await place.client.db().collection('aliases').countDocuments()).toBe(0);
  expect(await place.client.db().collection('bulletins').countDocuments()).toBe(0);
});

test('resolves names by the newest table, and reports an older one that it does not import', async () => {
  const file = await place.write(
    'actors.json',
    bulletinsFile(1, (bulletin) => ({
      ...bulletin,
      text: 'x',
      actors: ['apt 99', 'Blue Exercise', 'Shared', 'Unknown'],
    })),
  );
  const two = await place.write(
    'two.json',
    table(2, actor(1, 'APT-99', 'Shared'), actor(2, 'Red Exercise', 'Blue-Exercise', 'Shared')),
  );
  const one = await place.write('one.json', table(1, actor(3, 'APT 99')));
  await place.import([file], { args: ['--aliases', two] });
  const db = place.client.db();
  const expected = [
    'ThreatActor:00000000-0000-4000-8000-000000000001',
    'ThreatActor:00000000-0000-4000-8000-000000000002',
    'ThreatActor:name:shared',
    'ThreatActor:name:unknown',
  ];
  expect((await db.collection('bulletins').findOne())?.['content'].actors).toEqual(expected);
  const again = await place.import([file], { args: ['--aliases', one] });
  expect(again.code).toBe(0);
  expect(again.out).toContain('0 new, 0 changed, 3 unchanged');
  expect(again.err).toContain('version 2 of this table is in force');
  expect(await db.collection('aliases').countDocuments({ name: 'APT 99' })).toBe(0);
});

function actor(id: number, value: string, ...synonyms: string[]): object {
  return { uuid: `00000000-0000-4000-8000-00000000000${id}`, value, meta: { synonyms } };
}

function table(version: number, ...values: object[]): string {
  return JSON.stringify({
    type: 'threat-actor',
    uuid: '7cdff317-a673-4474-84ec-4f1754947823',
    version,
    values,
  });
}
