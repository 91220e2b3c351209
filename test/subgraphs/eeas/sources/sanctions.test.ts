import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { actorKey } from '../../../../schema/record/keys.ts';
import { sources } from '../../../../subgraphs/eeas/sources.ts';
import { sanctions } from '../../../../subgraphs/eeas/sources/sanctions.ts';
import { sliceRecords, parseSlice } from '../../../../subgraphs/serve/ingest/formats/forms.ts';
import { describeReal, headOf, mapAll, mapWith, realPath, refusalOf } from '../../../helpers/map-all.ts';
import { listing, listOf } from './sanctions-list.ts';

async function recordsOf(chunks: AsyncIterable<Buffer>): Promise<readonly unknown[]> {
  const records: unknown[] = [];
  for await (const { bytes } of sliceRecords(chunks, sanctions.locate)) {
    if (bytes !== null) records.push(parseSlice(bytes, sanctions.locate));
  }
  return records;
}

const parse = async (text: string) => await recordsOf(Readable.from([Buffer.from(listOf([text]))]));

describeReal('on the public records', () => {
  const file = 'eeas/eu-consolidated-sanctions-sample.xml';

  test('maps the seven listings of the sample, all of persons, with the Council as originator', async () => {
    const mapped = mapAll(sanctions, await recordsOf(createReadStream(realPath(file))));
    expect(mapped.map((one) => one.localId)).toEqual(['5295', '5463', '5468', '191', '5807', '5468', '927']);
    expect(mapped.map((one) => one.content['programme'])).toEqual([
      'TAQA',
      'PRK',
      'PRK',
      'TERR',
      'COD',
      'PRK',
      'TAQA',
    ]);
    expect(mapped.every((one) => one.content['subjectType'] === 'PERSON')).toBe(true);
    expect(mapped.every((one) => one.says?.personalData?.present === true)).toBe(true);
    expect(mapped.every((one) => one.names.length === 0)).toBe(true);
    expect(sanctions.defaults).toMatchObject({ originator: 'council', provider: 'commission' });
  });

  test('maps all names, dates and documents, and leaves unknown values empty', async () => {
    const mapped = mapAll(sanctions, await recordsOf(createReadStream(realPath(file))));
    expect(mapped[0]?.content).toMatchObject({
      euReference: 'EU.2026.82',
      legalBasis: ['2019/555'],
      amendingAct: '2019/555',
      ojReference: 'OJ L97',
      names: [{ whole: 'Abid Hammadou', strong: true }, {}, {}, {}, {}],
      birth: [
        { date: { utc: new Date('1965-12-12'), precision: 'DAY' }, country: 'DZ' },
        { date: { utc: new Date('1958-01-01'), precision: 'YEAR' }, country: 'DZ' },
      ],
      citizenship: ['DZ'],
      measures: [],
      listedAt: { utc: new Date('2008-07-03'), precision: 'DAY' },
    });
    expect(mapped[3]).toMatchObject({
      sortAt: null,
      content: {
        listedAt: null,
        birth: [{ place: null, country: 'PK' }, {}],
        identification: [{ kind: 'passport', number: '488555', issuedBy: null }],
      },
    });
    expect(mapped[4]?.content['addresses']).toEqual([
      { street: null, city: null, place: 'Kikoma forest, Bogoyi, Walikale, North Kivu', country: 'CD' },
    ]);
    expect(mapped[1]?.content['function']).toBe('Director of Korea Ryongaksan General Trading Corporation');
  });

  test('is recognised by its first bytes, and by no other source of the EEAS', () => {
    expect(sources.filter((source) => source.recognise(headOf(file))).map((source) => source.name)).toEqual([
      'eu-sanctions',
    ]);
  });
});

const lantern = 'ThreatActor:00000000-0000-4000-8000-000000000001';
const resolve = (name: string) => (/^EXERCISE [12]$/.test(name) ? lantern : actorKey({ name }));

test('links an entity to its actor, but never a person', async () => {
  const [entity] = mapWith(sanctions, await parse(listing('1')), resolve);
  expect(entity).toMatchObject({
    localId: '1',
    sortAt: new Date('2026-09-14'),
    names: [lantern],
    content: { subjectType: 'ENTITY', linkedActor: lantern, amendedAt: { utc: new Date('2026-09-15') } },
    says: { personalData: null },
  });
  const [person] = mapWith(sanctions, await parse(listing('1', { type: 'person' })), resolve);
  expect(person).toMatchObject({ names: [], content: { subjectType: 'PERSON', linkedActor: null } });
});

const alias = (name: string, strong = 'true') => `<nameAlias wholeName="${name}" strong="${strong}"/>`;
const resolveTwo = (name: string) => (name === 'Two' ? actorKey({ uuid: 'two' }) : resolve(name));

async function linked(id: string, inside: string): Promise<unknown> {
  return mapWith(sanctions, await parse(listing(id, { inside })), resolveTwo)[0]?.content['linkedActor'];
}

test('links no actor by weak, unknown or ambiguous names', async () => {
  expect(await linked('9', alias('EXERCISE 2'))).toBe(lantern);
  expect(await linked('9', alias('EXERCISE 2', 'false'))).toBeNull();
  expect(await linked('9', alias('Nobody'))).toBeNull();
  expect(await linked('1', alias('Two'))).toBeNull();
});

const birth = (circa: boolean) => `<birthdate circa="${circa}" birthdate="1965-12-12" year="1965"/>`;

test('keeps only the year of an approximate date of birth', async () => {
  const [mapped] = mapAll(sanctions, await parse(listing('7', { inside: birth(true) + birth(false) })));
  expect(mapped?.content['birth']).toMatchObject([
    { date: { precision: 'YEAR', utc: new Date('1965-01-01') } },
    { date: { precision: 'DAY', utc: new Date('1965-12-12') } },
  ]);
});

test('joins the parts of a name, and rejects a subject without a name', async () => {
  const [mapped] = mapAll(
    sanctions,
    await parse(listing('7', { inside: '<nameAlias firstName="A" lastName="B"/>' })),
  );
  expect(mapped?.content['names']).toMatchObject([{}, { whole: 'A B', strong: null }]);
  const [bare] = await parse(listing('7', { inside: '<nameAlias firstName="" wholeName=" "/>' }));
  expect(refusalOf(sanctions, bare)).toEqual(['WRONG_SHAPE', 'nameAlias.wholeName: expected a name']);
});

test('rejects an unknown subject type and a date that does not exist, without their values in the message', async () => {
  const [vessel] = await parse(listing('1', { type: 'SECRETVALUE' }));
  expect(refusalOf(sanctions, vessel)).toEqual([
    'WRONG_SHAPE',
    'subjectType.code: expected person or enterprise',
  ]);
  const [late] = await parse(listing('1').replace('2026-09-14', '2026-02-30'));
  expect(mapAll(sanctions, [late])[0]?.content['listedAt']).toBeNull();
});
