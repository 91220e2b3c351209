import { expect, test } from '@jest/globals';
import { type AccessEntry, chainEntry, draftEntry, genesis } from '../../../gateway/audit/entry.ts';
import { parseAccess } from '../../../gateway/audit/parse-entry.ts';
import type { AccessLog, PageAsked } from '../../../gateway/audit/log.ts';
import type { RecordedDisclosure } from '../../../schema/protocol/disclosure.ts';
import { readerOf } from '../../helpers/records.ts';
import { disclosure, facts } from '../audit/facts.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';

const salt = new Uint8Array(32);
const operator = readerOf({ organisation: 'enisa', roles: ['community-operator'], picture: 'real' });

function entryOf(id: string, disclosed: readonly RecordedDisclosure[]): AccessEntry {
  const secrets = { id, readerSalt: salt, operationSalt: salt };
  const draft = draftEntry(facts({ disclosed, refused: ['Query.policy'], lost: ['europol'] }), 'd', secrets);
  const entry = parseAccess(chainEntry(draft, genesis('d'), 'hub-1').bytes);
  if (entry === null) throw new Error('expected an entry');
  return entry;
}

const own = disclosure({ community: 'enisa', id: 'Advisory:own' });
const alsoOwn = disclosure({ community: 'enisa', id: 'Advisory:also-own', tlp: 'GREEN' });
const foreign = disclosure({ community: 'europol', type: 'CriminalProfile', id: 'CriminalProfile:foreign' });
const entries = [entryOf('e-2', [own, foreign, alsoOwn]), entryOf('e-1', [alsoOwn])];

/** Returns a log with these entries, which collects the pages that are requested. */
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

test('shows an operator the accesses to its own records only', async () => {
  const { asked, log } = logOf(entries);
  const { data, errorCodes } = await askHubSubgraph(operator, `{ ownReads { ${everything} } }`, { log });
  expect(errorCodes).toEqual([]);
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

test('filters by record id, and continues after a page without matches', async () => {
  const { log } = logOf(entries, 'e-1');
  const one = await askHubSubgraph(operator, `{ ownReads(record: "Advisory:own") { ${everything} } }`, {
    log,
  });
  expect(one.data).toMatchObject({
    ownReads: {
      nodes: [{ recordCount: 1, records: [{ id: 'Advisory:own' }] }],
      pageInfo: { hasNextPage: true, endCursor: 'e-1' },
    },
  });
  for (const record of ['CriminalProfile:foreign', 'Advisory:none', '']) {
    const none = await askHubSubgraph(operator, `{ ownReads(record: "${record}") { ${everything} } }`, {
      log,
    });
    expect(none.data).toMatchObject({
      ownReads: { nodes: [], pageInfo: { hasNextPage: true, endCursor: 'e-1' } },
    });
    expect(none.disclosed).toEqual([]);
  }
});

test('records the answer as a disclosure to the operator', async () => {
  const { disclosed } = await askHubSubgraph(operator, '{ ownReads { nodes { at } } }', logOf(entries));
  expect(disclosed.map(({ community, id }) => [community, id])).toEqual([
    ['hub', 'OwnRead:e-2'],
    ['hub', 'OwnRead:e-1'],
  ]);
});

test.each(['hub', 'nordsee-energy', 'ENISA', ''])(
  'returns nothing to an operator of %s, which is not a community, without reading the log',
  async (organisation) => {
    const { data, errorCodes, failedSubgraphs } = await askHubSubgraph(
      { ...operator, organisation },
      `{ ownReads { ${everything} } }`,
    );
    expect({ data, errorCodes, failedSubgraphs }).toEqual({
      data: { ownReads: { nodes: [], pageInfo: { hasNextPage: false, endCursor: null } } },
      errorCodes: [],
      failedSubgraphs: [],
    });
  },
);

test('limits pages and lists, and treats null as omitted', async () => {
  for (const asked of ['first: -1', 'first: 101'])
    expect(
      await askHubSubgraph(operator, `{ ownReads(${asked}) { nodes { at } } }`, logOf(entries)),
    ).toMatchObject({
      data: { ownReads: null },
      errorCodes: ['BAD_USER_INPUT'],
    });
  const { asked, log } = logOf(entries);
  await askHubSubgraph(operator, '{ ownReads(record: null, first: null, after: null) { nodes { at } } }', {
    log,
  });
  expect(asked).toMatchObject([{ first: 25, after: null }]);
  const records = async (first: number) =>
    await askHubSubgraph(operator, `{ ownReads { nodes { records(first: ${first}) { id } } } }`, { log });
  expect((await records(1)).data).toMatchObject({ ownReads: { nodes: [{ records: [{}] }, {}] } });
  expect((await records(10_001)).errorCodes).toEqual(['BAD_USER_INPUT']);
});
