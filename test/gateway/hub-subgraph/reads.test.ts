import { expect, test } from '@jest/globals';
import { type AccessEntry, chainEntry, draftEntry, genesis } from '../../../gateway/audit/entry.ts';
import { parseEntry } from '../../../gateway/audit/verify.ts';
import type { AccessLog, PageAsked } from '../../../gateway/audit/log.ts';
import type { RecordedDisclosure } from '../../../schema/protocol/disclosure.ts';
import { readerOf } from '../../helpers/records.ts';
import { disclosure, facts } from '../audit/facts.ts';
import { askPart } from './ask-part.ts';

const salt = new Uint8Array(32);
const operator = readerOf({ organisation: 'enisa', roles: ['community-operator'], picture: 'real' });

function entryOf(id: string, disclosed: readonly RecordedDisclosure[]): AccessEntry {
  const secrets = { id, readerSalt: salt, operationSalt: salt };
  const draft = draftEntry(facts({ disclosed, refused: ['Query.policy'], lost: ['europol'] }), 'd', secrets);
  const entry = parseEntry(chainEntry(draft, genesis('d')).bytes);
  if (entry === null) throw new Error('expected an entry');
  return entry;
}

const own = disclosure({ community: 'enisa', id: 'Advisory:own' });
const alsoOwn = disclosure({ community: 'enisa', id: 'Advisory:also-own', tlp: 'GREEN' });
const foreign = disclosure({ community: 'europol', type: 'CriminalProfile', id: 'CriminalProfile:foreign' });
const entries = [entryOf('e-2', [own, foreign, alsoOwn]), entryOf('e-1', [alsoOwn])];

/** A log that holds these entries, and notes what it was asked. */
function logOf(given: readonly AccessEntry[], next: string | null = null) {
  const asked: PageAsked[] = [];
  const page: AccessLog['page'] = async (one) => {
    asked.push(one);
    return await Promise.resolve({ entries: given, next });
  };
  return { asked, log: { page } };
}

const everything = `nodes { at organisation purpose correlationId recordCount
  records { type id version tlp pap handlingCodes } } pageInfo { hasNextPage endCursor }`;

test('an operator is told who was given its own records, and nothing of what was given of others', async () => {
  const { asked, log } = logOf(entries);
  const { data, told } = await askPart(operator, `{ ownReads { ${everything} } }`, { log });
  expect(told).toEqual([]);
  expect(asked).toEqual([{ first: 25, after: null, picture: 'real', community: 'enisa' }]);
  expect(data).toMatchObject({
    ownReads: {
      nodes: [
        {
          organisation: 'enisa',
          purpose: 'vulnerability-handling',
          recordCount: 2,
          records: [
            { id: 'Advisory:also-own', tlp: 'GREEN' },
            { id: 'Advisory:own', tlp: 'AMBER' },
          ],
        },
        { recordCount: 1 },
      ],
      pageInfo: { hasNextPage: false, endCursor: 'e-1' },
    },
  });
  expect(JSON.stringify(data)).not.toMatch(/foreign|europol|Criminal|Query|analyst-7/);
});

test('one record’s reads are asked for by its id; a page without any still leads on to the next', async () => {
  const { log } = logOf(entries, 'e-1');
  const one = await askPart(operator, `{ ownReads(record: "Advisory:own") { ${everything} } }`, { log });
  expect(one.data).toMatchObject({
    ownReads: {
      nodes: [{ recordCount: 1, records: [{ id: 'Advisory:own' }] }],
      pageInfo: { hasNextPage: true, endCursor: 'e-1' },
    },
  });
  for (const record of ['CriminalProfile:foreign', 'Advisory:none', '']) {
    const none = await askPart(operator, `{ ownReads(record: "${record}") { ${everything} } }`, { log });
    expect(none.data).toMatchObject({
      ownReads: { nodes: [], pageInfo: { hasNextPage: true, endCursor: 'e-1' } },
    });
    expect(none.disclosed).toEqual([]);
  }
});

test('what an operator was told stands in its own entry', async () => {
  const { disclosed } = await askPart(operator, '{ ownReads { nodes { at } } }', logOf(entries));
  expect(disclosed.map(({ community, id }) => [community, id])).toEqual([
    ['hub', 'OwnRead:e-2'],
    ['hub', 'OwnRead:e-1'],
  ]);
});

test.each(['hub', 'nordsee-energy', 'ENISA', ''])(
  'an operator of %s, which keeps no community’s store, is told of nothing, and the log is not asked',
  async (organisation) => {
    const { data, told, lost } = await askPart(
      { ...operator, organisation },
      `{ ownReads { ${everything} } }`,
    );
    expect({ data, told, lost }).toEqual({
      data: { ownReads: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } },
      told: [],
      lost: [],
    });
  },
);

test('pages and lists have bounds, and null means what is left out means', async () => {
  for (const asked of ['first: -1', 'first: 101'])
    expect(await askPart(operator, `{ ownReads(${asked}) { nodes { at } } }`, logOf(entries))).toMatchObject({
      data: { ownReads: null },
      told: ['BAD_USER_INPUT'],
    });
  const { asked, log } = logOf(entries);
  await askPart(operator, '{ ownReads(record: null, first: null, after: null) { nodes { at } } }', { log });
  expect(asked).toMatchObject([{ first: 25, after: null }]);
  const records = async (first: number) =>
    await askPart(operator, `{ ownReads { nodes { records(first: ${first}) { id } } } }`, { log });
  expect((await records(1)).data).toMatchObject({ ownReads: { nodes: [{ records: [{}] }, {}] } });
  expect((await records(10_001)).told).toEqual(['BAD_USER_INPUT']);
});
