import { expect, test } from '@jest/globals';
import { readerOf } from '../../helpers/records.ts';
import { askPart } from './ask-part.ts';
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

test('an inspector states the case number of the inquiry, the policy’s auditors need none', async () => {
  for (const query of questions('')) {
    expect((await askPart(inspector, query, { log })).told).toEqual(['BAD_USER_INPUT']);
    expect((await askPart(auditor, query, { log })).told).toEqual([]);
  }
  for (const query of questions(', inquiry: "EDPS-2026-0141"'))
    expect((await askPart(inspector, query, { log })).told).toEqual([]);
});

test('that who asked was told stands among what was disclosed, for the inquiry only', async () => {
  const access = logged(readerOf({ subject: 'u-1' }), []);
  const query = '{ accessPerson(correlationId: "c", inquiry: "EDPS-2026-0141") { subject } }';
  const found = { log: { find: async () => await Promise.resolve(access) } };
  const { data, disclosed } = await askPart(inspector, query, found);
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
  expect(await askPart(inspector, query, erased)).toMatchObject({
    data: { accessPerson: null },
    told: [],
    disclosed: [],
  });
});

test.each(['', ' ', '-', 'a name without a number', 'a\\nb', 'x'.repeat(65), '<script>', '\\u202e1'])(
  'what is no case number is refused, whoever states it: %s',
  async (stated) => {
    const person = `{ accessPerson(correlationId: "c", inquiry: "${stated}") { subject } }`;
    for (const query of [...questions(`, inquiry: "${stated}"`), person])
      expect((await askPart(inspector, query)).told).toEqual(['BAD_USER_INPUT']);
    for (const query of questions(`, inquiry: "${stated}"`))
      expect((await askPart(auditor, query)).told).toEqual(['BAD_USER_INPUT']);
  },
);
