import { expect, test } from '@jest/globals';
import { readerOf } from '../../helpers/records.ts';
import { askHubSubgraph } from './ask-hub-subgraph.ts';
import { logged } from '../audit/logged.ts';

const inspector = readerOf({ organisation: 'edps', roles: ['edps'] });
const auditor = readerOf({ organisation: 'audit-office', roles: ['policy-auditor'] });
const page = async () => await Promise.resolve({ entries: [], next: null });
const find = async () => await Promise.resolve(null);
const log = { page, find };

const questions = (said: string) => [
  `{ decision(correlationId: "c"${said}) { at } }`,
  `{ disclosures(first: 5${said}) { nodes { id } } }`,
];

test('requires a case number from inspectors, but not from policy auditors', async () => {
  for (const query of questions('')) {
    expect((await askHubSubgraph(inspector, query, { log })).errorCodes).toEqual(['BAD_USER_INPUT']);
    expect((await askHubSubgraph(auditor, query, { log })).errorCodes).toEqual([]);
  }
  for (const query of questions(', inquiry: "EDPS-2026-0141"'))
    expect((await askHubSubgraph(inspector, query, { log })).errorCodes).toEqual([]);
});

test('records the disclosure of a reader with a restriction to the inquiry', async () => {
  const access = logged(readerOf({ subject: 'u-1' }), []);
  const query = '{ accessPerson(correlationId: "c", inquiry: "EDPS-2026-0141") { subject } }';
  const found = { log: { find: async () => await Promise.resolve(access) } };
  const { data, disclosed } = await askHubSubgraph(inspector, query, found);
  expect(data).toEqual({ accessPerson: { subject: 'u-1' } });
  expect(disclosed).toMatchObject([
    {
      type: 'AccessPerson',
      id: `AccessPerson:${access.entry.id}`,
      tlp: 'AMBER',
      audience: ['edps'],
      extraRestrictions: ['for the inquiry EDPS-2026-0141 only'],
    },
  ]);
  const erased = { log: { find: async () => await Promise.resolve({ ...access, reader: null }) } };
  expect(await askHubSubgraph(inspector, query, erased)).toMatchObject({
    data: { accessPerson: null },
    errorCodes: [],
    disclosed: [],
  });
});

test.each(['', ' ', '-', 'a name without a number', 'a\\nb', 'x'.repeat(65), '<script>', '\\u202e1'])(
  'rejects an invalid case number: %s',
  async (stated) => {
    const person = `{ accessPerson(correlationId: "c", inquiry: "${stated}") { subject } }`;
    for (const query of [...questions(`, inquiry: "${stated}"`), person])
      expect((await askHubSubgraph(inspector, query)).errorCodes).toEqual(['BAD_USER_INPUT']);
    for (const query of questions(`, inquiry: "${stated}"`))
      expect((await askHubSubgraph(auditor, query)).errorCodes).toEqual(['BAD_USER_INPUT']);
  },
);
